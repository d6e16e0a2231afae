import Testing

@testable import AgentCore

@Suite("Tee buffer")
struct TeeBufferTests {
    private static func append(_ count: Int, to buffer: inout TeeBuffer, now: Nanos) {
        [UInt8](repeating: 1, count: count).withUnsafeBytes { buffer.append($0, now: now) }
    }

    @Test func pausesItsSourceWhenFullAndGoesOnAfterProgress() {
        var buffer = TeeBuffer()
        Self.append(TeeBuffer.capacity - 1, to: &buffer, now: 0)
        #expect(buffer.accepts)
        #expect(buffer.deadline == nil)
        Self.append(1, to: &buffer, now: 5)
        #expect(!buffer.accepts)
        #expect(buffer.deadline == TeeBuffer.patience)
        buffer.remove(1, now: 10)
        #expect(buffer.accepts)
    }

    @Test func givesAReaderThatMovesMoreTime() {
        var buffer = TeeBuffer()
        Self.append(TeeBuffer.capacity + 10, to: &buffer, now: 0)
        buffer.remove(1, now: 100)
        #expect(buffer.deadline == 100 + TeeBuffer.patience)
        buffer.tick(now: TeeBuffer.patience + 99)
        #expect(!buffer.accepts)
    }

    @Test func skipsWhenTheReaderIsStuckAndSaysHowMuch() {
        var buffer = TeeBuffer()
        Self.append(TeeBuffer.capacity, to: &buffer, now: 0)
        buffer.tick(now: TeeBuffer.patience)
        #expect(buffer.accepts)
        Self.append(1234, to: &buffer, now: TeeBuffer.patience)
        #expect(buffer.count == TeeBuffer.capacity)
        buffer.remove(TeeBuffer.capacity, now: TeeBuffer.patience + 1)
        let shown = buffer.withBytes { String(decoding: $0, as: UTF8.self) }
        #expect(shown == "\n[acode: 1234 bytes not shown here, nobody read them in time]\n")
        Self.append(3, to: &buffer, now: TeeBuffer.patience + 2)
        #expect(buffer.count == shown.utf8.count + 3)
    }
}
