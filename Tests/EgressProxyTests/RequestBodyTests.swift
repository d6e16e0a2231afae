import Testing

@testable import EgressProxy

@Suite("Body of a plain request")
struct RequestBodyTests {
    private static func body(_ headers: [String]) throws -> RequestBody {
        try RequestBody(
            headers: headers.map { line in
                let colon = try #require(line.firstIndex(of: ":"))
                return (String(line[..<colon]), line[line.index(after: colon)...])
            })
    }

    /// What is passed on of text that comes in pieces of a size.
    private static func passed(_ headers: [String], _ text: String, pieces size: Int) throws -> String {
        var body = try body(headers)
        let bytes = Array(text.utf8)
        var passed: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(start + size, bytes.count)]
            passed += piece.prefix(try body.take(piece))
        }
        return String(decoding: passed, as: UTF8.self)
    }

    @Test(
        "what belongs to the request is passed on, and nothing behind it",
        arguments: [
            ([], "", "GET / HTTP/1.1\r\n"), (["content-length: 0"], "", "x"), (["content-length:5"], "12345", "GET /"),
            (["transfer-encoding: chunked"], "0\r\n\r\n", "GET /"),
            (
                ["transfer-encoding: Chunked"],
                "5\r\nabcde\r\n1a;x=\"y\"\r\n\(String(repeating: "z", count: 26))\r\n0\r\n\r\n", "G"
            ),
            (["transfer-encoding: chunked"], "1 \r\na\r\n000\r\nX: y\r\nZ: 1\r\n\r\n", "GET /"),
        ])
    func passedOn(headers: [String], own: String, other: String) throws {
        for size in 1...max(1, own.utf8.count + other.utf8.count) {
            #expect(try Self.passed(headers, own + other, pieces: size) == own)
        }
    }

    @Test(
        "a length that can be read in two ways is refused",
        arguments: [
            ["content-length: 5", "content-length: 5"], ["content-length: 5, 5"], ["content-length: +5"],
            ["content-length:"], ["content-length: -1"], ["content-length: 99999999999999999999"],
            ["content-length: 5", "transfer-encoding: chunked"], ["transfer-encoding: gzip, chunked"],
            ["transfer-encoding: chunked", "transfer-encoding: chunked"], ["transfer-encoding: identity"],
        ])
    func unclear(headers: [String]) {
        #expect(throws: ProxyRefusal.self) { try Self.body(headers) }
    }

    @Test(
        "chunks that servers read in different ways are refused",
        arguments: [
            "\r\n", "x\r\n", "5\nabcde", "5\r\nabcdeX", "5\r\nabcde\n", "5;a\nb\r\n", "-1\r\n", "0x5\r\n",
            "ffffffffffffffffff\r\n", "0\r\nX: y\n\r\n",
        ])
    func chunks(text: String) {
        #expect(throws: ProxyRefusal.self) {
            _ = try Self.passed(["transfer-encoding: chunked"], text, pieces: 3)
        }
    }
}
