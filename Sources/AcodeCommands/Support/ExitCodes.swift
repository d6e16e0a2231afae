internal import TaskModel

/// Every exit code of `acode`, in one table; `acode --help` shows it.
package enum ExitCodes {
    /// One row of the table.
    struct Row: Equatable {
        var code: String
        var meaning: String
    }

    /// Done.
    package static let done: Int32 = 0
    /// The task, the check or the request failed.
    package static let failed: Int32 = 1
    /// The command line makes no sense (EX_USAGE).
    package static let usage: Int32 = 64
    /// An engine, the database or a supervisor that is needed is not there (EX_UNAVAILABLE).
    package static let unavailable: Int32 = 69
    /// A mistake in this program, or of the operating system under it (EX_SOFTWARE).
    package static let `internal`: Int32 = 70
    /// Not now; the same may work later (EX_TEMPFAIL).
    package static let tryAgain: Int32 = 75
    /// The configuration or a task file is wrong (EX_CONFIG).
    package static let configuration: Int32 = 78

    /// The code of a program that was ended by a signal.
    package static func signal(_ number: Int32) -> Int32 { 128 + number }

    static let table = [
        Row(code: "0", meaning: "done"),
        Row(code: "1", meaning: "failed; also a task that ended without a code of its own"),
        Row(code: "64", meaning: "wrong usage"),
        Row(code: "69", meaning: "no engine, no database or no supervisor"),
        Row(code: "70", meaning: "internal error"),
        Row(code: "75", meaning: "try again later: busy, or not done in time"),
        Row(code: "78", meaning: "mistakes in the configuration or in a task file"),
        Row(code: "128+n", meaning: "ended by signal n"),
    ]

    /// The table as text for help pages.
    static var help: String {
        let width = table.map(\.code.count).max() ?? 0
        let rows = table.map { "  \($0.code.padded(to: width))  \($0.meaning)" }
        return (["EXIT CODES:"] + rows).joined(separator: "\n")
            + "\n\n`acode run`, `acode worker exec`, `acode task submit --wait` and `acode task wait` exit with the code of the command."
    }

    /// The code that stands for how a task ended: its command's own, or 1 when there is none that says "failed".
    static func of(_ task: QueuedTask) -> Int32 {
        if task.state == .complete || task.state == .resolvedManually { return done }
        guard let code = task.exitCode, code != 0 else { return failed }
        return Int32(clamping: code)
    }
}
