internal import ArgumentParser

/// `acode task`.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Submit tasks and see what becomes of them.",
        subcommands: [
            TaskSubmit.self, TaskList.self, TaskShow.self, TaskLogs.self, TaskEvents.self, TaskWait.self,
            TaskCancel.self, TaskRetry.self,
        ])
}
