import AgentProtocol
import CAgentSystem
import Glibc

/// Moves a task's output from its two pipes to the journal and to the agent's own streams.
final class OutputPump {
    private static let pipeSize: Int32 = 256 * 1024
    // So many reads in one go leave time for the rest of the loop.
    private static let readsAtOnce = 8

    private let sinks: [TeeSink]
    private var pipes: [Descriptor?]
    private let streams: [OutputChunk.Stream] = [.standardOutput, .standardError]

    /// Makes the pipes.
    ///
    /// - Parameter sinks: the agent's own standard output and error.
    /// - Returns: the pump and the task's ends; the caller lets go of them once the task has them.
    static func make(sinks: [TeeSink]) throws(SystemError) -> (pump: OutputPump, output: Descriptor, error: Descriptor)
    {
        let output = try Pipe.make()
        let error = try Pipe.make()
        for pipe in [output.reading, error.reading] {
            cagent_set_nonblocking(pipe.number)
            cagent_set_pipe_size(pipe.number, pipeSize)
        }
        return (OutputPump(sinks: sinks, pipes: [output.reading, error.reading]), output.writing, error.writing)
    }

    private init(sinks: [TeeSink], pipes: [Descriptor?]) {
        self.sinks = sinks
        self.pipes = pipes
    }

    /// Whether both streams have been read to their end.
    var isFinished: Bool { pipes.allSatisfy { $0 == nil } }

    /// Adds what it waits for.
    func prepare(_ set: inout PollSet, accepting: Bool) {
        for (pipe, sink) in zip(pipes, sinks) where accepting && sink.accepts { set.add(pipe, read: true) }
    }

    /// Reads what is there, as long as there is room.
    ///
    /// - Parameters:
    ///   - connected: whether a supervisor takes output, which is what the journal's room depends on.
    ///   - writersGone: whether nothing that writes to the pipes is alive, so that an empty pipe is a finished one even
    ///     if somebody who is not ours still holds it.
    func pump(into journal: inout OutputJournal, connected: Bool, writersGone: Bool, now: Nanos) {
        for index in pipes.indices {
            for _ in 0..<Self.readsAtOnce {
                guard let pipe = pipes[index], sinks[index].accepts, journal.accepts(connected: connected) else {
                    break
                }
                let result = read(pipe, index, &journal, now)
                if case .bytes = result { continue }
                if result != .wouldBlock || writersGone { pipes[index] = nil }
                break
            }
        }
    }

    private func read(_ pipe: Descriptor, _ index: Int, _ journal: inout OutputJournal, _ now: Nanos)
        -> Descriptor.Transfer
    {
        var result = Descriptor.Transfer.wouldBlock
        let sink = sinks[index]
        _ = journal.append(streams[index]) { free in
            result = pipe.read(into: free)
            guard case .bytes(let count) = result else { return 0 }
            sink.offer(UnsafeRawBufferPointer(rebasing: free[..<count]), now: now)
            return count
        }
        return result
    }
}
