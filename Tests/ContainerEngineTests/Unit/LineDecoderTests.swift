import ContainerEngine
import Testing

struct LineDecoderTests {
    @Test(arguments: 1...20)
    func piecesOfAnySizeGiveTheSameLines(size: Int) throws {
        let text = Array("{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":\"ü\"}\nlast".utf8)
        var decoder = LineDecoder()
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            decoder.append(Array(text[start..<min(start + size, text.count)]))
            while let line = try decoder.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["{\"a\":1}", "{\"b\":2}", "{\"c\":\"ü\"}"])
        #expect(decoder.finish() == Array("last".utf8))
        #expect(decoder.finish() == nil)
    }

    @Test func aLineWithoutEndIsBounded() {
        var decoder = LineDecoder(limit: 10)
        decoder.append(Array("0123456789".utf8))
        #expect(throws: Never.self) { try decoder.next() }
        decoder.append([65])
        #expect(throws: LineDecoder.TooLong.self) { try decoder.next() }
    }
}
