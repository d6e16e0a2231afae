internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import UnixSignals
internal import WorkerPool

/// One command in a worker's container, with this process's own input, output and terminal.
struct ExecSession: Sendable {
    let engine: EngineClient
    let container: String
    let configuration: ExecConfiguration

    /// Runs it to its end.
    ///
    /// - Returns: its exit code, or 128+n when this process was told to end by signal n.
    func run() async throws(EngineError) -> Int32 {
        let id = try await engine.createExec(container, configuration)
        let connected = OneShot<Result<ExecStreams, EngineError>>()
        let ended = OneShot<Void>()
        let terminal = configuration.hasTerminal ? TerminalMode(STDIN_FILENO) : nil
        let signals = await UnixSignalsSequence(trapping: .sigwinch, .sigterm, .sighup)
        // The socket and the terminal are read by blocking calls, which need a thread of their own.
        let (engine, configuration) = (engine, configuration)
        Thread.detachNewThread {
            do throws(EngineError) {
                let streams = ExecStreams(
                    try engine.startExec(id, hasTerminal: configuration.hasTerminal),
                    hasInput: configuration.attachesInput, hasTerminal: configuration.hasTerminal)
                terminal?.makeRaw()
                connected.set(.success(streams))
                streams.run()
                terminal?.restore()
            } catch {
                connected.set(.failure(error))
            }
            ended.set(())
        }
        let streams = try await connected.value().get()
        let signal = await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                await ended.value()
                return nil
            }
            group.addTask {
                await resize(id, terminal)
                for await signal in signals {
                    guard signal == .sigwinch else { return signal.rawValue }
                    await resize(id, terminal)
                }
                await ended.value()
                return nil
            }
            let first = await group.next() ?? nil
            streams.stop()
            group.cancelAll()
            return first
        }
        await ended.value()
        if let signal { return ExitCodes.signal(signal) }
        return try await exitCode(of: id)
    }

    /// The terminal inside gets the size of ours. Right after its start an engine may not know it yet.
    private func resize(_ id: String, _ terminal: TerminalMode?) async {
        for _ in 1...10 {
            guard let size = terminal?.size, !Task.isCancelled else { return }
            if (try? await engine.resizeExec(id, rows: size.rows, columns: size.columns)) != nil { return }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The engine may notice the end a moment after the output has ended.
    private func exitCode(of id: String) async throws(EngineError) -> Int32 {
        for _ in 1...50 {
            let state = try await engine.inspectExec(id)
            if !state.isRunning { return state.exitCode ?? ExitCodes.failed }
            try? await Task.sleep(for: .milliseconds(100))
        }
        // Its output has ended and it has not: somebody closed it or the connection broke.
        return ExitCodes.unavailable
    }
}
