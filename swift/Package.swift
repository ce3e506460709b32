// swift-tools-version: 6.0
import Foundation
import PackageDescription

let framework = "NomkitFFI.xcframework"
let folder = Context.packageDirectory

/// What is released, and what apps take, holds the library as an XCFramework. In a checkout without one it is the
/// library for this machine that `tests/packaging/build.py bridge` puts into `library`, with its headers.
let released = FileManager.default.fileExists(atPath: "\(folder)/\(framework)")
let library: Target =
    released
    ? .binaryTarget(name: "NomkitFFI", path: framework)
    : .systemLibrary(name: "NomkitFFI")
let linked: [LinkerSetting] =
    released
    // What a static library of Rust asks of Apple's systems.
    ? ["CoreFoundation", "Security", "SystemConfiguration"].map { .linkedFramework($0) }
    : [
        .linkedLibrary("nomkit_uniffi"),
        .unsafeFlags(["-L\(folder)/library", "-Xlinker", "-rpath", "-Xlinker", "\(folder)/library"]),
    ]

let package = Package(
    name: "Nomkit",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Nomkit", targets: ["Nomkit"])],
    targets: [
        library,
        .target(name: "Nomkit", dependencies: ["NomkitFFI"], linkerSettings: linked),
        .executableTarget(name: "Upload", dependencies: ["Nomkit"], path: "Tests/Upload"),
        .testTarget(name: "NomkitTests", dependencies: ["Nomkit", "Upload"]),
    ],
    swiftLanguageModes: [.v6]
)
