internal import ArgumentParser

/// `acode worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run a pool of workers, and look after it.",
        subcommands: [
            WorkerStart.self, WorkerList.self, WorkerShow.self, WorkerInspect.self, WorkerLogs.self, WorkerStats.self,
            WorkerStop.self, WorkerRestart.self, WorkerScale.self, WorkerDrain.self, WorkerExec.self,
        ])
}
