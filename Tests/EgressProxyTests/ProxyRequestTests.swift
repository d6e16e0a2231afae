import Testing

@testable import EgressProxy

@Suite("Requests to the proxy")
struct ProxyRequestTests {
    @Test(arguments: [
        ("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org", "example.org:443"),
        ("CONNECT EXAMPLE.org:443 HTTP/1.0", "EXAMPLE.org:443"),
        ("CONNECT 10.0.0.1:5432 HTTP/1.1", "10.0.0.1:5432"),
        ("CONNECT [fd00::1]:443 HTTP/1.1", "[fd00::1]:443"),
    ])
    func tunnelsAreRead(head: String, destination: String) throws {
        let request = try ProxyRequest(head: head.utf8)
        #expect(request.destination == destination)
        #expect(request.head == nil)
    }

    @Test(arguments: [
        (
            "GET http://example.org/a?b#c HTTP/1.1\r\nHost: other.example\r\nAccept: */*", "example.org:80",
            "GET /a?b HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        ),
        (
            "POST HTTP://example.org:8080 HTTP/1.0\r\nContent-Length: 3\r\nProxy-Connection: keep-alive",
            "example.org:8080",
            "POST / HTTP/1.0\r\nHost: example.org:8080\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
        ),
        (
            "GET http://a?x HTTP/1.1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nUpgrade: h2c\r\nTE: trailers\r\nX: y",
            "a:80", "GET /?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: y\r\n\r\n"
        ),
        (
            "GET http://[::1]:81/ HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0", "[::1]:81",
            "GET / HTTP/1.1\r\nHost: [::1]:81\r\nConnection: close\r\n\r\n"
        ),
    ])
    func plainRequestsAreRewrittenForTheServer(head: String, destination: String, rewritten: String) throws {
        let request = try ProxyRequest(head: head.utf8)
        #expect(request.destination == destination)
        #expect(String(decoding: request.head ?? [], as: UTF8.self) == rewritten)
    }

    @Test(
        "what can't be understood is refused",
        arguments: [
            "", "GET", "GET / HTTP/1.1", "GET http://a/ HTTP/2", "GET http://a/  HTTP/1.1", "GET https://a/ HTTP/1.1",
            "GET http://user:pass@a/ HTTP/1.1", "GET http:///x HTTP/1.1", "GET http://a:99999/ HTTP/1.1",
            "GET http://a:+80/ HTTP/1.1", "GET http://a b/ HTTP/1.1", "GET http://ä/ HTTP/1.1", "CONNECT a HTTP/1.1",
            "CONNECT a:0 HTTP/1.1", "CONNECT :443 HTTP/1.1", "CONNECT [::1:443 HTTP/1.1", "CONNECT [a]:443 HTTP/1.1",
            "CONNECT a:443:1 HTTP/1.1", "CONNECT a/b:443 HTTP/1.1", "G(T http://a/ HTTP/1.1",
            "GET http://a/ HTTP/1.1\r\n folded: x", "GET http://a/ HTTP/1.1\r\nno colon",
            "GET http://a/ HTTP/1.1\r\nName : x", "GET http://a/ HTTP/1.1\r\nA: x\nHost: evil",
            "GET http://a/ HTTP/1.1\r\nA: x\rHost: evil", "GET http://a/\u{0} HTTP/1.1",
            // A server that takes a bare line feed for the end of a line would see another Host.
            "GET http://a/x\nHost:evil HTTP/1.1", "GET http://a/x\rHost:evil HTTP/1.1", "GET http://a/\tx HTTP/1.1",
            "GET http://a\\@evil/ HTTP/1.1", "GET http://a%2eb/ HTTP/1.1", "CONNECT a:65536 HTTP/1.1",
            "CONNECT a: HTTP/1.1", "CONNECT fd00::1:443 HTTP/1.1", "CONNECT user@a:443 HTTP/1.1",
            "CONNECT a:٤٤٣ HTTP/1.1",
            "CONNECT [::1%25lo]:443 HTTP/1.1", "CONNECT \u{212A}.org:443 HTTP/1.1",
            "POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
            "POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        ])
    func refused(head: String) {
        #expect(throws: ProxyRefusal.self) { try ProxyRequest(head: head.utf8) }
    }

    @Test func aHeaderThatIsNotPassedOnHasNoSayAboutTheLength() throws {
        let request = try ProxyRequest(
            head: "POST http://a/ HTTP/1.1\r\nConnection: content-length\r\nContent-Length: 100".utf8)
        #expect(request.body?.isOver == true)
        #expect(String(decoding: request.head ?? [], as: UTF8.self).contains("100") == false)
    }

    @Test func answersShowNothingOfTheClientThatCouldBreakThem() {
        do throws(ProxyRefusal) {
            _ = try ProxyRequest(head: "CONNECT \u{1B}[31m\u{7F} HTTP/1.1".utf8)
            Issue.record("was accepted")
        } catch {
            #expect(error.answer.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0D || $0 == 0x0A })
        }
    }
}
