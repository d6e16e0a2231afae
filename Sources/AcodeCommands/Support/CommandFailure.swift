internal import ControlPlane
internal import Settings
internal import Supervisor
internal import TaskStore

/// Why a command ends with a code other than 0, in the words a user gets: what failed, why, and what to do.
struct CommandFailure: Error, Equatable {
    /// What the program exits with.
    var exitCode: Int32
    /// `what: cause`, without the program's name; may have several lines.
    var message: String
    /// What to do about it.
    var hint: String?

    init(_ exitCode: Int32, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// What is printed on stderr.
    var text: String {
        "acode: \(message)\n" + (hint.map { "hint: \($0)\n" } ?? "")
    }
}

extension CommandFailure {
    init(_ error: ConfigurationError, in what: String = "the configuration") {
        let count = error.problems.count
        let mistakes = count == 1 ? "1 mistake" : "\(count) mistakes"
        self.init(
            ExitCodes.configuration, "\(what) has \(mistakes):\n\(error.description)")
    }

    init(_ error: StoreError) {
        let code =
            switch error.code {
            case .busy: ExitCodes.tryAgain
            case .internal: ExitCodes.internal
            case .badURL: ExitCodes.configuration
            case .closed, .full, .corrupt, .newerSchema, .missingSchema, .readOnly, .notADatabase, .networkFilesystem,
                .unavailable, .io, .permissionDenied:
                ExitCodes.unavailable
            }
        self.init(code, "the task store: \(error.operation): \(error.message)", hint: error.hint)
    }

    init(_ error: SupervisorError) {
        let code =
            switch error.code {
            case .poolBusy, .handoverRefused, .garbageUnknown: ExitCodes.tryAgain
            case .engineUnavailable, .storeUnavailable: ExitCodes.unavailable
            case .agentMissing, .stateUnusable: ExitCodes.internal
            case .mountRefused, .networkMissing, .usersUnreachable: ExitCodes.configuration
            }
        self.init(code, error.message, hint: error.hint)
    }

    init(_ error: ControlServerError) {
        let code =
            switch error.code {
            case .socketInUse: ExitCodes.tryAgain
            case .bindFailed, .stopped: ExitCodes.unavailable
            case .pathTooLong: ExitCodes.configuration
            }
        self.init(code, error.message, hint: error.hint)
    }

    init(_ error: ControlClientError, pool: String) {
        switch error.code {
        case .noSupervisor:
            self.init(
                ExitCodes.unavailable, "no supervisor of the pool \(pool) runs on this host",
                hint: "start one with `acode worker start`, or name another with --pool")
        case .permissionDenied:
            self.init(ExitCodes.unavailable, error.message, hint: "use acode as the user who started the supervisor")
        case .noAnswer, .connectionLost:
            self.init(ExitCodes.unavailable, error.message)
        case .refused:
            self.init(error.failure?.code == .unavailable ? ExitCodes.tryAgain : ExitCodes.failed, error.message)
        case .decoding: self.init(ExitCodes.internal, error.message)
        case .cancelled: self.init(ExitCodes.failed, error.message)
        }
    }
}
