import AgentProtocol
import Testing

@testable import AgentCore

@Suite("Output journal")
struct OutputJournalTests {
    private static func append(_ bytes: [UInt8], _ stream: OutputChunk.Stream, to journal: inout OutputJournal) -> Int {
        var written = 0
        while written < bytes.count {
            let count = journal.append(stream) { free in
                let count = min(free.count, bytes.count - written)
                free.copyBytes(from: bytes[written..<written + count])
                return count
            }
            if count == 0 { break }
            written += count
        }
        return written
    }

    private static func sendNext(_ journal: inout OutputJournal) -> OutputChunk? {
        guard let next = journal.nextChunk() else { return nil }
        let bytes = journal.withNextBytes(next.count) { Array($0) }
        journal.markSent(next.count)
        return OutputChunk(stream: next.stream, offset: next.offset, bytes: bytes[...])
    }

    private static func sendAll(_ journal: inout OutputJournal) -> [OutputChunk] {
        var chunks: [OutputChunk] = []
        while let chunk = sendNext(&journal) { chunks.append(chunk) }
        return chunks
    }

    @Test func keepsStreamsApartAndOffsetsTogether() {
        var journal = OutputJournal()
        #expect(Self.append([1, 2], .standardOutput, to: &journal) == 2)
        #expect(Self.append([3], .standardError, to: &journal) == 1)
        #expect(Self.append([4], .standardOutput, to: &journal) == 1)
        #expect(
            Self.sendAll(&journal) == [
                OutputChunk(stream: .standardOutput, offset: 0, bytes: [1, 2]),
                OutputChunk(stream: .standardError, offset: 2, bytes: [3]),
                OutputChunk(stream: .standardOutput, offset: 3, bytes: [4]),
            ])
        #expect(!journal.hasUnsent)
    }

    @Test func goesOnInTheSameStreamAfterEverythingWasSent() {
        var journal = OutputJournal()
        _ = Self.append([1], .standardOutput, to: &journal)
        _ = Self.sendAll(&journal)
        _ = Self.append([2], .standardOutput, to: &journal)
        _ = Self.append([3], .standardError, to: &journal)
        #expect(
            Self.sendAll(&journal) == [
                OutputChunk(stream: .standardOutput, offset: 1, bytes: [2]),
                OutputChunk(stream: .standardError, offset: 2, bytes: [3]),
            ])
    }

    @Test func sendsAgainWhatIsNotAcknowledged() {
        var journal = OutputJournal()
        _ = Self.append([1, 2, 3, 4], .standardOutput, to: &journal)
        _ = Self.sendAll(&journal)
        journal.acknowledge(below: 3)
        journal.rewind()
        #expect(Self.sendAll(&journal) == [OutputChunk(stream: .standardOutput, offset: 3, bytes: [4])])
        journal.acknowledge(below: 1_000)
        #expect(journal.start == 4)
        journal.rewind()
        #expect(Self.sendAll(&journal) == [])
    }

    @Test func pausesAtTheWindowOnlyWithASupervisor() {
        var journal = OutputJournal()
        let half = [UInt8](repeating: 0, count: Int(AgentProtocol.outputWindow) / 2)
        _ = Self.append(half, .standardOutput, to: &journal)
        #expect(journal.accepts(connected: true))
        _ = Self.append(half, .standardOutput, to: &journal)
        #expect(!journal.accepts(connected: true))
        #expect(journal.accepts(connected: false))
        journal.acknowledge(below: 1)
        #expect(journal.accepts(connected: true))
    }

    @Test func dropsTheOldestBeyondItsBound() {
        var journal = OutputJournal()
        let total = OutputJournal.bound + 300_000
        #expect(Self.append((0..<total).map { UInt8(truncatingIfNeeded: $0) }, .standardOutput, to: &journal) == total)
        #expect(journal.dropped >= 300_000)
        #expect(journal.dropped <= 300_000 + UInt64(AgentProtocol.outputChunk))
        let chunks = Self.sendAll(&journal)
        #expect(chunks.first?.offset == journal.dropped)
        #expect(chunks.last?.endOffset == UInt64(total))
        #expect(chunks.first?.bytes.first == UInt8(truncatingIfNeeded: journal.dropped))
    }

    @Test func isBoundedInSwitchesBetweenStreamsToo() {
        var journal = OutputJournal()
        for index in 0..<OutputJournal.mostRuns {
            _ = Self.append([1], index.isMultiple(of: 2) ? .standardOutput : .standardError, to: &journal)
        }
        #expect(!journal.accepts(connected: true))
        #expect(journal.dropped == 0)
        _ = Self.append([1], .standardOutput, to: &journal)
        #expect(journal.dropped == 1)
    }

    /// Everything a link can do with a journal, in random order, against a plain array.
    @Test(arguments: 0..<5)
    func deliversWhatAPlainArrayWould(_ seed: UInt64) {
        var random = Generator(state: seed)
        var journal = OutputJournal()
        var expected: [OutputChunk.Stream: [UInt8]] = [:]
        var received: [OutputChunk.Stream: [UInt8]] = [:]
        var offset: UInt64 = 0
        var byte: UInt8 = 0
        func take(_ chunk: OutputChunk) {
            guard chunk.endOffset > offset else { return }
            #expect(chunk.offset <= offset)
            received[chunk.stream, default: []] += chunk.bytes.dropFirst(Int(offset - chunk.offset))
            offset = chunk.endOffset
        }
        for _ in 0..<600 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5 where journal.accepts(connected: true):
                let stream: OutputChunk.Stream = Bool.random(using: &random) ? .standardOutput : .standardError
                byte &+= 1
                let bytes = [UInt8](repeating: byte, count: Int.random(in: 1..<9_000, using: &random))
                expected[stream, default: []] += bytes
                #expect(Self.append(bytes, stream, to: &journal) == bytes.count)
            case 5..<8: if let chunk = Self.sendNext(&journal) { take(chunk) }
            case 8: journal.acknowledge(below: offset)
            default: journal.rewind()
            }
        }
        for chunk in Self.sendAll(&journal) { take(chunk) }
        #expect(received == expected)
        #expect(journal.dropped == 0)
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
