import AgentProtocol

/// An attempt's output from the pipe to the supervisor's acknowledgement. Pure.
///
/// Holds what is not acknowledged. With a supervisor it fills up to the window and then asks for a pause; without one it
/// goes on up to a larger bound and then drops the oldest, so that a supervisor's absence never stops a task.
struct OutputJournal {
    /// The most bytes kept without a supervisor.
    static let bound = 2 * 1024 * 1024
    /// The most changes between the two streams kept; each costs memory even if it is one byte long.
    static let mostRuns = 16 * 1024

    private struct Run {
        let stream: OutputChunk.Stream
        var end: UInt64
    }

    private var ring = ByteRing(limit: Self.bound)
    private var runs: [Run] = []
    private var firstRun = 0
    private var sendingRun = 0
    /// Offset of the oldest byte kept; everything before is acknowledged or dropped.
    private(set) var start: UInt64 = 0
    /// Offset of the next byte to send.
    private(set) var sent: UInt64 = 0
    /// How many bytes were dropped that no supervisor had acknowledged.
    private(set) var dropped: UInt64 = 0

    /// Offset after the last byte read.
    var end: UInt64 { start + UInt64(ring.count) }
    /// Whether there are bytes to send.
    var hasUnsent: Bool { sent < end }

    /// Whether more output may be read, given that a supervisor is there or not.
    func accepts(connected: Bool) -> Bool {
        guard connected else { return true }
        return UInt64(ring.count) < AgentProtocol.outputWindow && runs.count - firstRun < Self.mostRuns
    }

    /// Lets `body` write output of one stream to free memory and say how many bytes it wrote. Drops the oldest output if
    /// there is no room.
    mutating func append(_ stream: OutputChunk.Stream, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        makeRoom()
        let count = ring.append(upTo: AgentProtocol.outputChunk, body)
        guard count > 0 else { return 0 }
        if firstRun < runs.count, runs[runs.count - 1].stream == stream {
            runs[runs.count - 1].end = end
        } else {
            runs.append(Run(stream: stream, end: end))
            settleRuns()
        }
        return count
    }

    /// Keeps bytes that are in memory already. Drops the oldest output if there is no room.
    mutating func append(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let count = append(stream) { free in
                let count = min(free.count, rest.count)
                rest.prefix(count).withUnsafeBytes { free.copyMemory(from: $0) }
                return count
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What comes next: its stream, offset and length. Nil when all is sent.
    func nextChunk() -> (stream: OutputChunk.Stream, offset: UInt64, count: Int)? {
        guard hasUnsent else { return nil }
        let run = runs[sendingRun]
        let count = min(Int(run.end - sent), AgentProtocol.outputChunk, ring.contiguous(at: Int(sent - start)))
        return (run.stream, sent, count)
    }

    /// Shows `count` bytes from the next one on, as `nextChunk` described them.
    func withNextBytes<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        ring.withBytes(at: Int(sent - start), upTo: count, body)
    }

    /// The next `count` bytes are on their way.
    mutating func markSent(_ count: Int) {
        sent = min(sent + UInt64(count), end)
        settleRuns()
    }

    /// A supervisor has everything below `offset`.
    mutating func acknowledge(below offset: UInt64) {
        forget(below: min(offset, end))
    }

    /// The connection is gone: whatever is not acknowledged has to be sent again.
    mutating func rewind() {
        sent = start
        sendingRun = firstRun
    }

    private mutating func makeRoom() {
        var target = start
        if ring.free < AgentProtocol.outputChunk { target = end - UInt64(Self.bound - AgentProtocol.outputChunk) }
        if runs.count - firstRun >= Self.mostRuns { target = max(target, runs[firstRun].end) }
        guard target > start else { return }
        dropped += target - start
        forget(below: target)
    }

    private mutating func forget(below offset: UInt64) {
        guard offset > start else { return }
        ring.removeFirst(Int(offset - start))
        start = offset
        sent = max(sent, start)
        while firstRun < runs.count, runs[firstRun].end <= start { firstRun += 1 }
        if firstRun > runs.count / 2 {
            runs.removeSubrange(..<firstRun)
            sendingRun = max(0, sendingRun - firstRun)
            firstRun = 0
        }
        settleRuns()
    }

    private mutating func settleRuns() {
        sendingRun = max(sendingRun, firstRun)
        // Never past the last run: it may grow.
        while sendingRun + 1 < runs.count, runs[sendingRun].end <= sent { sendingRun += 1 }
    }
}
