internal import ArgumentParser
internal import ContainerEngine
internal import Foundation
internal import Settings

/// `acode image list`.
struct ImageList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the images that pools use: the standard one and those of all workers.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Option(help: ArgumentHelp("The socket of the container engine.", valueName: "path"))
    var engineSocket: String?

    func run() async throws {
        let flags = engineSocket.map { FlagValue(flag: "--engine-socket", path: "workers.docker.socket", text: $0) }
        let context = try CommandContext(global, flags: [flags].compactMap { $0 })
        let images = try await context.withEngine { engine in
            var references: Set = [context.settings.workers.docker.image]
            for container in try await engine.listContainers(labels: ["acode.worker": "true"]) {
                references.insert(container.image)
            }
            var images: [ImageSummary] = []
            for reference in references.sorted() {
                images.append(ImageSummary(reference: reference, try await engine.inspectImage(reference)))
            }
            return images
        }
        try context.console.show(.images(images, now: Date()), quiet: quiet.quiet)
    }
}
