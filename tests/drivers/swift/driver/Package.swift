// swift-tools-version: 6.0
import PackageDescription

// Not in the folder above: SwiftPM tells packages apart by the names of their folders, and the client is in `swift`.
let package = Package(
    name: "NomkitDriver",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "../../../../swift")],
    targets: [
        .executableTarget(
            name: "driver-swift", dependencies: [.product(name: "Nomkit", package: "swift")], path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
