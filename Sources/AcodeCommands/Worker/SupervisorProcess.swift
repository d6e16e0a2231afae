internal import ControlPlane
internal import Foundation
internal import Glibc
internal import Logging
internal import Metrics
internal import Settings
internal import Supervisor
internal import TaskStore
internal import Telemetry
internal import UnixSignals

/// A supervisor with everything that belongs to a process of its own: control socket, TCP listener, signals.
struct SupervisorProcess: Sendable {
    let supervisor: Supervisor
    /// Who has it may read logs; `nil` when they are served nowhere.
    let token: PeerToken?
    let target: SupervisorTarget
    let settings: Settings
    let layout: StateLayout
    let logger: Logger
    /// Prints a line for people.
    let note: @Sendable (String) -> Void

    /// What ended.
    private enum Part: Sendable {
        case supervisor(CommandFailure?)
        case server(CommandFailure?)
        case signals
    }

    /// Runs until the supervisor has ended; everything else ends with it. Returns the signal that forced the end.
    func run() async throws(CommandFailure) -> Int32? {
        do throws(SupervisorError) { try layout.prepare() } catch { throw CommandFailure(error) }
        let forcedBy = Forced()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let failure = await withTaskGroup(of: Part.self) { group in
            group.addTask {
                do throws(SupervisorError) {
                    try await supervisor.run()
                    return .supervisor(nil)
                } catch {
                    return .supervisor(CommandFailure(error))
                }
            }
            group.addTask {
                let server = ControlServer(socketPath: layout.controlSocket, target: target, logger: logger)
                return await serve(nil) { () throws(ControlServerError) in try await server.run() }
            }
            if let address = settings.duties.listens {
                group.addTask {
                    let server = HealthServer(host: address.host, port: address.port, target: target, logger: logger)
                    return await serve("http.listen") { () throws(ControlServerError) in
                        try await server.run { port in
                            logger.info(
                                "serving health and metrics",
                                metadata: ["http.address": "\(ListenAddress(host: address.host, port: port))"])
                        }
                    }
                }
            }
            if let address = settings.supervisor.listen, let token {
                group.addTask {
                    let server = PeerServer(
                        host: address.host, port: address.port, token: token, target: target, logger: logger)
                    return await serve("supervisor.listen") { () throws(ControlServerError) in
                        try await server.run { _ in
                            logger.info(
                                "serving logs to other hosts", metadata: ["supervisor.address": "\(address)"])
                        }
                    }
                }
            }
            group.addTask {
                await obey(signals, forcedBy)
                return .signals
            }
            return await supervise(&group)
        }
        if let failure { throw failure }
        return forcedBy.signal
    }

    /// The token that the settings name, where logs are served. Blocks for a look at a file.
    static func token(_ settings: PeerSettings) throws(CommandFailure) -> PeerToken? {
        guard settings.listen != nil else { return nil }
        do throws(PeerTokenProblem) { return try PeerToken(file: settings.tokenFile) } catch {
            throw CommandFailure(ExitCodes.configuration, "supervisor.tokenFile: \(error.message)", hint: error.hint)
        }
    }

    private func serve(
        _ setting: String?, _ body: () async throws(ControlServerError) -> Void
    ) async -> Part {
        do throws(ControlServerError) {
            try await body()
            return .server(nil)
        } catch {
            var failure = CommandFailure(error)
            if let setting { failure.message = "\(setting): \(failure.message)" }
            return .server(failure)
        }
    }

    /// Waits for the supervisor. A server that fails takes it down: half a supervisor is worse than none.
    private func supervise(_ group: inout TaskGroup<Part>) async -> CommandFailure? {
        var failure: CommandFailure?
        for await part in group {
            switch part {
            case .supervisor(let own):
                group.cancelAll()
                // That the pool is taken explains best why its socket is.
                return own ?? failure
            case .server(let problem?):
                failure = failure ?? problem
                supervisor.shutDown(force: false)
            case .server(nil), .signals: continue
            }
        }
        return failure
    }

    /// The first signal asks for a graceful end, every later one forces it.
    private func obey(_ signals: UnixSignalsSequence, _ forcedBy: Forced) async {
        var isFirst = true
        for await signal in signals {
            if isFirst {
                note(Self.farewell(busy: supervisor.status.busy, limit: settings.workers.shutdownTimeout))
            } else {
                note("acode: stopping at once")
                forcedBy.signal = signal.rawValue
            }
            supervisor.shutDown(force: !isFirst)
            isFirst = false
        }
    }

    /// What is said after the first signal.
    static func farewell(busy: Int, limit: Duration) -> String {
        guard busy > 0 else { return "acode: shutting down" }
        let tasks = busy == 1 ? "1 running task" : "\(busy) running tasks"
        return
            "acode: waiting up to \(DurationText.format(limit)) for \(tasks); a second Ctrl-C or SIGTERM stops at once"
    }
}
