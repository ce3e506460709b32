"""What a notebook shows as more than text."""


class Rich:
    """Something that ``_rich`` has shapes for; they are loaded when first asked for."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from ._rich import html, show

        return html(show(self))

    def _repr_markdown_(self) -> str:
        from ._rich import markdown, show

        return markdown(show(self))
