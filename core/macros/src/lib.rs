//! `#[record]`, `#[options]` and `#[open_enum]`: what makes a core type visible to every language.
//!
//! Each leaves the type as it was written and adds serde (the wire), uniffi's derive behind the feature
//! of that name (Swift and Kotlin), and `nomkit::record::Expose` (Python, Node and the generator).

mod words;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{
    Attribute, Expr, ExprLit, Field, Fields, ItemEnum, ItemStruct, Lit, Meta, Type, parse_macro_input, parse_quote,
};

/// What a platform sends: public fields, camelCase on the wire, tolerant of `null` lists.
///
/// `#[record(behaviour)]` marks a record that has methods in every language; each package writes them once,
/// over a function of the core.
#[proc_macro_attribute]
pub fn record(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = parse_macro_input!(item as ItemStruct);
    let behaviour = attribute.to_string() == "behaviour";
    let exposed = expose(&item, behaviour);
    for field in item.fields.iter_mut().filter(|field| !field.attrs.iter().any(is_decoded)) {
        if inner(&field.ty, "Vec").is_some() {
            field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "crate::record::null_as_default")]));
        } else if inner(&field.ty, "Option").is_some() {
            field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "crate::record::lenient")]));
        }
    }
    quote! {
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[cfg_attr(feature = "uniffi", derive(::uniffi::Record))]
        #item
        #exposed
    }
    .into()
}

/// What a user gives: every field may be left out, a misspelt one is an error, and each has a setter.
///
/// `#[options(private)]` prints none of its fields.
#[proc_macro_attribute]
pub fn options(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = parse_macro_input!(item as ItemStruct);
    let exposed = expose(&item, false);
    let setters = item.fields.iter().filter_map(setter).collect::<Vec<_>>();
    let name = &item.ident;
    let setters = quote! { impl #name { #(#setters)* } };
    let text = name.to_string();
    let debug = match attribute.to_string() == "private" {
        false => quote! { #[derive(Debug)] },
        true => quote! {},
    };
    let private = (attribute.to_string() == "private").then(|| {
        quote! {
            impl ::std::fmt::Debug for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.debug_struct(#text).finish_non_exhaustive()
                }
            }
        }
    });
    for field in &mut item.fields {
        field.attrs.push(parse_quote!(#[cfg_attr(feature = "uniffi", uniffi(default))]));
    }
    quote! {
        #debug
        #[derive(Clone, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        #[cfg_attr(feature = "uniffi", derive(::uniffi::Record))]
        #item
        #exposed
        #setters
        #private
    }
    .into()
}

/// Unit variants, snake_case on the wire, and `Other(String)` last, for the words of tomorrow.
#[proc_macro_attribute]
pub fn open_enum(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemEnum);
    let last_is_other = item.variants.last().is_some_and(|v| v.ident == "Other");
    let known = item.variants.iter().filter(|v| matches!(v.fields, Fields::Unit)).collect::<Vec<_>>();
    if !last_is_other || known.len() + 1 != item.variants.len() {
        return syn::Error::new_spanned(&item.ident, "an open enum has unit variants and ends with Other(String)")
            .to_compile_error()
            .into();
    }
    let (name, text, about) = (&item.ident, item.ident.to_string(), doc(&item.attrs));
    let variants = known.iter().map(|v| &v.ident).collect::<Vec<_>>();
    let wire = known.iter().map(|v| words::snake(&v.ident.to_string())).collect::<Vec<_>>();
    let docs = known.iter().map(|v| doc(&v.attrs)).collect::<Vec<_>>();
    quote! {
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(::uniffi::Enum), uniffi::export(Display))]
        #item

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl #name {
            /// The enum as every language sees it.
            #[doc(hidden)]
            pub const WORDS: &'static crate::record::Words =
                &crate::record::Words { name: #text, doc: #about, known: &[#((#wire, #docs)),*] };

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #wire,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for #name {
            fn from(word: &str) -> Self {
                match word.to_ascii_lowercase().as_str() {
                    #(#wire => Self::#variants,)*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let word = <::std::borrow::Cow<'_, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                Ok(word.as_ref().into())
            }
        }

        impl crate::record::Expose for #name {
            const TYPE: crate::record::Type = crate::record::Type::Word(Self::WORDS);
            fn value(&self) -> crate::record::Value<'_> {
                crate::record::Value::Word(Self::WORDS, self.as_str())
            }
        }
    }
    .into()
}

fn expose(item: &ItemStruct, behaviour: bool) -> Tokens {
    let (name, text, about) = (&item.ident, item.ident.to_string(), doc(&item.attrs));
    let fields = item.fields.iter().filter_map(|f| f.ident.as_ref()).collect::<Vec<_>>();
    let shapes = item.fields.iter().filter_map(|field| {
        let snake = field.ident.as_ref()?.to_string();
        let (camel, ty, about) = (words::camel(&snake), &field.ty, doc(&field.attrs));
        Some(quote!(crate::record::Field {
            name: #snake, camel: #camel, doc: #about, ty: <#ty as crate::record::Expose>::TYPE
        }))
    });
    quote! {
        impl #name {
            /// The record as every language sees it.
            #[doc(hidden)]
            pub const SHAPE: &'static crate::record::Shape = &crate::record::Shape {
                name: #text, doc: #about, behaviour: #behaviour, fields: &[#(#shapes),*]
            };

            /// Its fields' values, in order.
            #[doc(hidden)]
            pub fn values(&self) -> Vec<crate::record::Value<'_>> {
                vec![#(crate::record::Expose::value(&self.#fields)),*]
            }
        }

        // Only `records!` makes a record visible, and one that it does not list does not compile.
        const _: () = {
            const fn listed<T: crate::record::Expose>() {}
            listed::<#name>()
        };
    }
}

/// `prompt: Option<String>` gives `fn prompt(self, prompt: impl Into<String>) -> Self`.
fn setter(field: &Field) -> Option<Tokens> {
    let (name, ty) = (field.ident.as_ref()?, &field.ty);
    let about = format!("Sets [`Self::{name}`].");
    let (argument, value) = match inner(ty, "Option") {
        Some(inner) => (quote!(impl Into<#inner>), quote!(Some(#name.into()))),
        None => (quote!(impl Into<#ty>), quote!(#name.into())),
    };
    let method = format_ident!("{name}");
    Some(quote! {
        #[doc = #about]
        #[must_use]
        pub fn #method(mut self, #name: #argument) -> Self {
            self.#name = #value;
            self
        }
    })
}

/// Whether the field says itself how it is decoded.
fn is_decoded(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde") && quote!(#attribute).to_string().contains("deserialize_with")
}

/// The `T` of `Wrapper<T>`.
fn inner<'t>(ty: &'t Type, wrapper: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|s| s.ident == wrapper)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
