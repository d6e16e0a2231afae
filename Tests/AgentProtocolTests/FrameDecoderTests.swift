import AgentProtocol
import Testing

@Suite("Frame decoder")
struct FrameDecoderTests {
    private static let frames = [
        Frame(kind: 1, payload: []), Frame(kind: 2, payload: [0]), Frame(kind: 0xff, payload: Array(0...255)),
    ]

    private static func encoded() throws -> [UInt8] {
        try frames.flatMap { try FrameEncoder.encode(kind: $0.kind, payload: $0.payload) }
    }

    @Test func writesLengthKindAndPayload() throws {
        #expect(try FrameEncoder.encode(kind: 7, payload: [1, 2, 3]) == [0, 0, 0, 3, 7, 1, 2, 3])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 100, 1000])
    func findsFramesInPiecesOfAnySize(_ size: Int) throws {
        let bytes = try Self.encoded()
        var decoder = FrameDecoder()
        var found: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            decoder.append(Array(bytes[start..<min(start + size, bytes.count)]))
            while let frame = try decoder.next() { found.append(frame) }
        }
        #expect(found == Self.frames)
        #expect(decoder.bufferedCount == 0)
    }

    @Test func keepsFramesThatAreTakenLate() throws {
        let bytes = try Self.encoded()
        var decoder = FrameDecoder()
        for _ in 0..<50 { bytes.withUnsafeBytes { decoder.append($0) } }
        #expect(decoder.bufferedCount == 50 * bytes.count)
        for _ in 0..<25 { for frame in Self.frames { #expect(try decoder.next() == frame) } }
        decoder.append(bytes)
        for _ in 0..<26 { for frame in Self.frames { #expect(try decoder.next() == frame) } }
        #expect(try decoder.next() == nil)
    }

    @Test func failsForGoodAsSoonAsALengthIsTooLarge() throws {
        var decoder = FrameDecoder()
        decoder.append([0x00, 0x40, 0x00, 0x01, 0])
        for _ in 0..<2 {
            #expect(throws: AgentProtocolError(.payloadTooLarge, "a frame announces 4194305 bytes")) {
                try decoder.next()
            }
            decoder.append([0, 0, 0, 0, 1])
        }
    }

    @Test func takesAFrameOfTheLargestSize() throws {
        let payload = [UInt8](repeating: 9, count: AgentProtocol.maximumPayload)
        var decoder = FrameDecoder()
        decoder.append(try FrameEncoder.encode(kind: 3, payload: payload))
        #expect(try decoder.next()?.payload.count == payload.count)
    }

    @Test func doesNotWriteALargerFrame() {
        let error = #expect(throws: AgentProtocolError.self) {
            try FrameEncoder.encode(kind: 3, payload: [UInt8](repeating: 0, count: AgentProtocol.maximumPayload + 1))
        }
        #expect(error?.code == .payloadTooLarge)
    }

    @Test func readsIntegersInNetworkOrder() {
        var bytes: [UInt8] = []
        FrameEncoder.append(UInt64(0x0102_0304_0506_0708), to: &bytes)
        #expect(bytes == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(FrameEncoder.read(UInt64.self, from: bytes[...]) == 0x0102_0304_0506_0708)
        #expect(FrameEncoder.read(UInt32.self, from: bytes[2...]) == 0x0304_0506)
        #expect(FrameEncoder.read(UInt64.self, from: bytes[1...]) == nil)
    }
}
