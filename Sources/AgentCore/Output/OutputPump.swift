import AgentProtocol
import CAgentSystem
import Glibc

/// Moves a task's output from its two pipes to the journal and to the agent's own streams.
final class OutputPump {
    private static let pipeSize: Int32 = 256 * 1024
    // So many reads in one go leave time for the rest of the loop.
    private static let readsAtOnce = 8

    // A mask may be many times longer than the secret it covers, and all of it must find room in the journal.
    private static let maskedRead = 8 * 1024

    private let sinks: [TeeSink]
    /// One for each stream; none when there is nothing to hide.
    private var maskers: [SecretMasker]
    private var scratch: [UInt8] = []
    private var pipes: [Descriptor?]
    private let streams: [OutputChunk.Stream] = [.standardOutput, .standardError]

    /// Makes the pipes.
    ///
    /// - Parameters:
    ///   - sinks: the agent's own standard output and error.
    ///   - masker: hides secrets wherever output goes.
    /// - Returns: the pump and the task's ends; the caller lets go of them once the task has them.
    static func make(
        sinks: [TeeSink], masker: SecretMasker
    ) throws(SystemError) -> (pump: OutputPump, output: Descriptor, error: Descriptor) {
        let output = try Pipe.make()
        let error = try Pipe.make()
        for pipe in [output.reading, error.reading] {
            cagent_set_nonblocking(pipe.number)
            cagent_set_pipe_size(pipe.number, pipeSize)
        }
        let pump = OutputPump(sinks: sinks, masker: masker, pipes: [output.reading, error.reading])
        return (pump, output.writing, error.writing)
    }

    private init(sinks: [TeeSink], masker: SecretMasker, pipes: [Descriptor?]) {
        self.sinks = sinks
        maskers = masker.isEmpty ? [] : pipes.map { _ in masker }
        if !maskers.isEmpty { scratch = [UInt8](repeating: 0, count: Self.maskedRead) }
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
                if result != .wouldBlock || writersGone {
                    pipes[index] = nil
                    if !maskers.isEmpty { show(maskers[index].flush(), index, &journal, now) }
                }
                break
            }
        }
    }

    private func read(_ pipe: Descriptor, _ index: Int, _ journal: inout OutputJournal, _ now: Nanos)
        -> Descriptor.Transfer
    {
        if !maskers.isEmpty {
            let result = scratch.withUnsafeMutableBytes { pipe.read(into: $0) }
            if case .bytes(let count) = result { show(maskers[index].mask(scratch[..<count]), index, &journal, now) }
            return result
        }
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

    private func show(_ bytes: ArraySlice<UInt8>, _ index: Int, _ journal: inout OutputJournal, _ now: Nanos) {
        journal.append(streams[index], bytes)
        bytes.withUnsafeBytes { sinks[index].offer($0, now: now) }
    }
}
