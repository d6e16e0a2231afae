internal import ArgumentParser
internal import ContainerEngine
internal import Foundation
internal import Settings
internal import Supervisor
internal import WorkerPool

/// `acode image pull`.
struct ImagePull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Bring an image into the engine.",
        discussion: """
            Time limits, retries and credentials are those of the configuration; the pull policy is not: the registry is \
            asked unless --policy says otherwise. Without an image it is the pool's own. Exits with 1 when the image can't \
            be had.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Argument(help: ArgumentHelp("[registry/]name[:tag][@digest]", valueName: "image"))
    var image: String?

    @Option(help: ArgumentHelp("When it is pulled.", valueName: "always|never|ifNotPresent"))
    var policy: String = PullPolicy.always.rawValue

    @Option(help: ArgumentHelp("The socket of the container engine.", valueName: "path"))
    var engineSocket: String?

    func validate() throws {
        if let image { try ImageArgument.check(image) }
    }

    /// The settings among the options.
    var settingFlags: [FlagValue] {
        [
            FlagValue(flag: "--policy", path: "workers.docker.pullPolicy", text: policy),
            engineSocket.map { FlagValue(flag: "--engine-socket", path: "workers.docker.socket", text: $0) },
        ].compactMap { $0 }
    }

    func run() async throws {
        let context = try CommandContext(global, flags: settingFlags)
        context.showWarnings()
        let reference = image ?? context.settings.workers.docker.image
        let display = PullDisplay()
        let found = try await context.withEngine { engine in
            let images = ImageProvider(
                engine: engine, settings: context.settings.workers.docker,
                credentials: RegistryCredentials(settings: context.settings), tell: { display.take($0, $1) })
            do throws(WorkerError) {
                return try await images.provide(reference)
            } catch {
                display.close()
                let code = error.code == .engineUnavailable ? ExitCodes.unavailable : ExitCodes.failed
                throw CommandFailure(code, error.message)
            }
        }
        let summary = ImageSummary(reference: reference, found)
        if context.console.isJSON {
            context.console.print(try JSONText.pretty(summary))
        } else if quiet.quiet {
            context.console.print("\(found.id)\n")
        } else {
            try context.console.show(.images([summary], now: Date()))
        }
    }
}
