package import AgentProtocol
internal import Foundation

/// The facts of an attempt's end, before anyone judges them.
package struct ExitRecord: Sendable, Equatable {
    /// How it ended.
    package var end: End
    /// Why we had asked for the end, recorded before the first signal; `nil` when we had not.
    package var stop: StopIntent?
    /// Whether the command was told before its end that it should come to a stop.
    package var isStopAnnounced = false
    /// Whether its agent was sent a SIGTERM for the command before the end was known.
    package var isTerminated = false

    /// Whether its command may have run.
    package var hasBegun: Bool {
        switch end {
        case .reported(let exited): exited.startFailure == nil
        case .workerLost, .detached: true
        case .refused, .unprovided, .skipped: false
        }
    }

    /// How an attempt can end.
    package enum End: Sendable, Equatable {
        /// The agent's report: the command ended, or could not be started.
        case reported(Exited)
        /// The agent would not take it; nothing ran.
        case refused(Refused.Reason)
        /// The worker went away; whether the command had run to its end is not known.
        case workerLost(WorkerLoss)
        /// There was no worker for it; nothing ran.
        case unprovided(WorkerError)
        /// It goes on without this supervisor, for another one to take over.
        case detached
        /// There was nothing left to do, for this reason; nothing ran.
        case skipped(String)
    }

    /// Puts facts together.
    package init(
        end: End, stop: StopIntent? = nil, isStopAnnounced: Bool = false, isTerminated: Bool = false
    ) {
        self.end = end
        self.stop = stop
        self.isStopAnnounced = isStopAnnounced
        self.isTerminated = isTerminated
    }
}

/// Why we end an attempt. The first one given counts.
package enum StopIntent: Codable, Sendable, Equatable {
    /// It ran longer than this.
    case timeout(Duration)
    /// Someone cancelled the task.
    case cancel(String)
    /// The supervisor shuts down or drains.
    case shutdown
    /// Another supervisor may own the task by now.
    case leaseLost
    /// It has had its lease for as long as that may be renewed.
    case leaseEnded
    /// It went beyond a limit that acode watches itself.
    case limit(LimitBreach)

    /// Whether the attempt may go on for its grace after SIGTERM.
    package var allowsGrace: Bool {
        switch self {
        case .timeout, .cancel, .shutdown, .leaseEnded: true
        // Another worker may already run the task.
        case .leaseLost: false
        case .limit(let breach): breach.allowsGrace
        }
    }
}

/// A limit that acode enforces, because neither the kernel nor the engine does.
package enum LimitBreach: Codable, Sendable, Equatable {
    /// The worker's writable places hold `usedBytes`; the limit is in MiB.
    case disk(usedBytes: Int64, limitMb: Int)
    /// It wrote more bytes of output than are kept.
    case output(limitBytes: Int)

    /// Whether the attempt may go on for its grace after SIGTERM: not while it fills a disk.
    package var allowsGrace: Bool {
        switch self {
        case .disk: false
        case .output: true
        }
    }
}

/// What is known of a worker that went away under an attempt.
package struct WorkerLoss: Sendable, Equatable {
    /// What was seen, in plain words.
    package var observation: String
    /// The container's exit code, when the engine told one.
    package var exitCode: Int?
    /// Whether the engine says that the kernel killed it for its memory. Podman's `false` says nothing.
    package var oomKilled: Bool
    /// Whether the engine itself stopped or restarted meanwhile.
    package var engineStopped: Bool
    /// Whether its agent was left behind alive, as far as anybody knows: nobody has seen its end. It kills its command when
    /// nobody has looked after it for long enough.
    package var mayRunOn: Bool

    /// Puts facts together.
    package init(
        observation: String, exitCode: Int? = nil, oomKilled: Bool = false, engineStopped: Bool = false,
        mayRunOn: Bool = false
    ) {
        self.observation = observation
        self.exitCode = exitCode
        self.oomKilled = oomKilled
        self.engineStopped = engineStopped
        self.mayRunOn = mayRunOn
    }
}
