// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "AgentScreen",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "AgentScreen", targets: ["AgentScreen"])],
    // In an app: the URL and version that the package's README names.
    dependencies: [.package(path: "../../swift")],
    targets: [
        .target(name: "AgentScreen", dependencies: [.product(name: "Nomkit", package: "swift")]),
        .testTarget(name: "AgentScreenTests", dependencies: ["AgentScreen"]),
    ],
    swiftLanguageModes: [.v6]
)
