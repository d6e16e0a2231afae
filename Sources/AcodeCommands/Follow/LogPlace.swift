internal import Foundation
internal import Supervisor
internal import TaskModel

/// Which attempts have their logs in this state directory.
struct LogPlace: Sendable {
    let layout: StateLayout
    private let host = ProcessInfo.processInfo.hostName

    init(_ layout: StateLayout) {
        self.layout = layout
    }

    /// The path of an attempt's log; `nil` when it is elsewhere. Blocks for a look at a file.
    func path(of attempt: TaskAttempt) -> String? {
        has(attempt) ? layout.log(task: attempt.taskID, attempt: attempt.attempt) : nil
    }

    /// Whether the log of an attempt is here, or will be. Blocks for a look at two files: the identity of the directory is
    /// made by its first supervisor, which may start later.
    func has(_ attempt: TaskAttempt) -> Bool {
        if attempt.installation.map({ $0 == layout.installationID }) ?? (attempt.host == host) { return true }
        // A directory that came from another machine brought its logs along.
        return FileManager.default.fileExists(atPath: layout.log(task: attempt.taskID, attempt: attempt.attempt))
    }
}
