internal import ArgumentParser
internal import ControlPlane
internal import Settings

/// `acode worker list`.
struct WorkerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the workers of the pool.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    func run() async throws {
        let context = try CommandContext(global)
        var workers: [WorkerSummary] = []
        do throws(ControlClientError) {
            let client = context.controlClient()
            workers = try await client.workers()
            let status = try await client.status()
            if let trouble = status.engineTrouble {
                context.console.note("acode: warning: \(trouble.words)")
                if let hint = trouble.hint { context.console.note("hint: \(hint)") }
            } else if let trouble = status.imageTrouble {
                context.console.note(
                    "acode: warning: the pool has no workers of its own image yet: \(trouble); it is tried again")
            }
            for reason in status.pressure ?? [] {
                context.console.note("acode: warning: the pool takes no tasks for now: \(reason)")
            }
        } catch {
            let failure = CommandFailure(error, pool: context.settings.workers.pool)
            guard error.code == .noSupervisor else { throw failure }
            // Nobody runs workers, so there are none: an answer, not a failure.
            context.console.note(String(failure.text.dropLast()))
        }
        try context.console.show(.workers(workers), quiet: quiet.quiet)
    }
}
