internal import ArgumentParser

/// `acode image`.
struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Pull and see the images of workers.",
        subcommands: [ImagePull.self, ImageList.self])
}
