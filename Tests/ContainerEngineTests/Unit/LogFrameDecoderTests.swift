import ContainerEngine
import Testing

struct LogFrameDecoderTests {
    private static func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
        let count = UInt32(text.utf8.count)
        return [stream, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + Array(text.utf8)
    }

    private static let sample =
        frame(1, "out1\n") + frame(2, "") + frame(2, "err") + frame(1, "a") + frame(1, "b") + frame(0, "c")

    @Test(arguments: 1...24)
    func piecesOfAnySizeGiveTheSameFrames(size: Int) throws {
        var decoder = LogFrameDecoder()
        var frames: [LogFrame] = []
        for start in stride(from: 0, to: Self.sample.count, by: size) {
            decoder.append(Array(Self.sample[start..<min(start + size, Self.sample.count)]))
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(frames.map { String(decoding: $0.bytes, as: UTF8.self) } == ["out1\n", "", "err", "a", "b", "c"])
        #expect(frames.map(\.stream) == [.stdout, .stderr, .stderr, .stdout, .stdout, .stdout])
        #expect(decoder.bufferedCount == 0)
    }

    @Test func joiningKeepsStreamsAndOrder() throws {
        var decoder = LogFrameDecoder()
        decoder.append(Self.sample)
        var frames: [LogFrame] = []
        while let frame = try decoder.next(joining: 100) { frames.append(frame) }
        #expect(frames.map { String(decoding: $0.bytes, as: UTF8.self) } == ["out1\n", "err", "abc"])
    }

    @Test func joiningStopsAtItsLimit() throws {
        var decoder = LogFrameDecoder()
        decoder.append(Self.frame(1, "aaa") + Self.frame(1, "bbb") + Self.frame(1, "ccc"))
        #expect(try decoder.next(joining: 6)?.bytes.count == 6)
        #expect(try decoder.next(joining: 6)?.bytes.count == 3)
    }

    @Test(
        arguments: [
            [9, 0, 0, 0, 0, 0, 0, 1, 65], [1, 1, 0, 0, 0, 0, 0, 1, 65], Array("hello world".utf8),
            [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        ] as [[UInt8]])
    func garbageIsAnErrorAndStaysOne(bytes: [UInt8]) throws {
        var decoder = LogFrameDecoder()
        decoder.append(Self.frame(1, "fine"))
        decoder.append(bytes)
        #expect(try decoder.next(joining: 100)?.bytes == Array("fine".utf8))
        #expect(throws: LogFrameDecoder.Malformed.self) { try decoder.next() }
        decoder.append(Self.frame(1, "too late"))
        #expect(throws: LogFrameDecoder.Malformed.self) { try decoder.next() }
    }

    @Test func whatACutLeavesIsNotLost() throws {
        var decoder = LogFrameDecoder()
        decoder.append(Array(Self.frame(2, "0123456789").prefix(12)))
        #expect(try decoder.next() == nil)
        #expect(decoder.takeCutFrame() == LogFrame(stream: .stderr, bytes: Array("0123".utf8)))
        #expect(decoder.bufferedCount == 0)
    }
}
