import Testing

@testable import EgressProxy

@Suite("Head of a request")
struct HeadReaderTests {
    @Test func isCutWhereverThePiecesEnd() throws {
        let text = Array("CONNECT a:1 HTTP/1.1\r\nA: b\r\n\r\nrest".utf8)
        for size in 1...text.count {
            var reader = HeadReader()
            var found: (head: [UInt8], rest: [UInt8])?
            var start = 0
            while found == nil, start < text.count {
                let end = min(start + size, text.count)
                found = try reader.append(text[start..<end])
                start = end
            }
            let (head, rest) = try #require(found)
            #expect(String(decoding: head, as: UTF8.self) == "CONNECT a:1 HTTP/1.1\r\nA: b")
            #expect(String(decoding: rest + text[start...], as: UTF8.self) == "rest")
        }
    }

    @Test func whatIsNoHTTPIsRefusedWithTheFirstByte() {
        for first in [[0x16, 0x03, 0x01], Array("get / ".utf8), Array("\r\n".utf8), [0]] as [[UInt8]] {
            var reader = HeadReader()
            #expect(throws: ProxyRefusal.garbage) { try reader.append(first) }
        }
    }

    @Test func aHeadThatIsTooLongIsRefusedAlsoWhenItComesAtOnce() throws {
        let head = Array("GET http://a/ HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 20_000)
        var reader = HeadReader()
        #expect(throws: ProxyRefusal.self) { try reader.append(head + Array("\r\n\r\n".utf8)) }
    }

    @Test func aHeadWithoutEndIsRefused() throws {
        var reader = HeadReader()
        _ = try reader.append(Array("GET http://a/ HTTP/1.1\r\nX: ".utf8))
        #expect(throws: ProxyRefusal.self) {
            while true { _ = try reader.append([UInt8](repeating: UInt8(ascii: "x"), count: 1000)) }
        }
    }
}
