package import Foundation
package import TaskModel

/// A person at a command line, as the record of what was done by hand names them.
package struct AuditAuthor: Sendable, Equatable {
    /// The name of the user.
    package var user: String
    /// The user's number.
    package var uid: UInt32
    /// The host where the command ran.
    package var host: String
    /// The command, such as `task cancel`.
    package var command: String
    /// Why, in the person's own words.
    package var reason: String?

    /// Names a person.
    package init(user: String, uid: UInt32, host: String, command: String, reason: String? = nil) {
        self.user = user
        self.uid = uid
        self.host = host
        self.command = command
        self.reason = reason
    }

    /// Who writes to stores from the current task. What is done by hand under it leaves a row in the same transaction;
    /// without one, nobody did it.
    @TaskLocal package static var current: AuditAuthor?

    /// For the timeline of a task: what was done, by whom and why.
    func signing(_ message: String) -> String {
        "\(message), by \(user)@\(host)" + (reason.map { ": \($0)" } ?? "")
    }
}

/// What can be done by hand.
package enum AuditAction: String, Codable, Sendable, CaseIterable {
    case cancel
    case requeue
    case purge
    case pause
    case resume
    case limit
    case prune
}

/// One thing that was done by hand.
package struct AuditEntry: Sendable, Equatable {
    /// Grows with each; the order of the record.
    package var sequence: Int64
    /// When, by the store's clock.
    package var at: Date
    /// Who did it.
    package var author: AuditAuthor
    /// What.
    package var action: AuditAction
    /// With which task.
    package var task: TaskID?
    /// With which queue.
    package var queue: String?
    /// What exactly, in plain words.
    package var detail: String

    /// Makes an entry as read from a store.
    package init(
        sequence: Int64, at: Date, author: AuditAuthor, action: AuditAction, task: TaskID?, queue: String?,
        detail: String
    ) {
        self.sequence = sequence
        self.at = at
        self.author = author
        self.action = action
        self.task = task
        self.queue = queue
        self.detail = detail
    }
}

/// Which entries to list.
package struct AuditFilter: Sendable {
    /// Only what was done with this task.
    package var task: TaskID?
    /// Only what was done with this queue, or tasks of it.
    package var queue: String?
    /// At most so many.
    package var limit: Int

    /// Makes a filter.
    package init(task: TaskID? = nil, queue: String? = nil, limit: Int = 100) {
        self.task = task
        self.queue = queue
        self.limit = limit
    }
}

extension QueueChange {
    /// What it is in the record of what was done by hand.
    var audited: (action: AuditAction, detail: String) {
        switch self {
        case .pause(let by, let reason): (.pause, "paused by \(by)" + (reason.map { ": \($0)" } ?? ""))
        case .resume: (.resume, "resumed")
        case .limit(let most): (.limit, most.map { "at most \($0) at once" } ?? "no limit")
        }
    }
}
