internal import TaskModel

/// What a client of the proxy wants: the head of one HTTP/1 request, read and made ready to be passed on. Pure.
struct ProxyRequest: Equatable {
    /// The host as it was written, without brackets.
    let host: String
    /// The port; of plain requests 80 where none was written.
    let port: Int
    /// What the server is sent first; `nil` for CONNECT, of which the server sees nothing.
    let head: [UInt8]?
    /// How what follows the head is told from another request; `nil` for CONNECT, where everything follows.
    let body: RequestBody?

    /// `host:port`, an address of IPv6 in brackets.
    var destination: String { Self.authority(host, port) }

    /// Reads a head, everything before its blank line.
    ///
    /// Understands CONNECT (RFC 9110, 9.3.6) and requests in absolute form (RFC 9112, 3.2.2). The latter are rewritten for
    /// the server: in origin form, with the `Host` of the target, without the headers between client and proxy, and as the
    /// only request of their connection, so that a second one can't slip through unjudged.
    ///
    /// - Throws: a refusal with status 400.
    init(head: some Sequence<UInt8>) throws(ProxyRefusal) {
        let text = String(decoding: Array(head), as: UTF8.self)
        guard !text.unicodeScalars.contains("\u{FFFD}") else { throw .garbage }
        let lines = text.components(by: "\r\n")
        guard let first = lines.first, !text.utf8.contains(0) else { throw .garbage }
        let words = first.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, Self.isToken(words[0]), words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0",
            // To some servers a bare line feed ends a line.
            words[1].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw .garbage }
        if words[0] == "CONNECT" {
            let (host, port) = try Self.split(words[1])
            guard let port else {
                throw ProxyRefusal(.badRequest, "CONNECT needs host:port, not \(Self.shown(words[1]))")
            }
            (self.host, self.port, self.head, body) = (host, port, nil, nil)
            return
        }
        let target = words[1]
        guard target.prefix(7).lowercased() == "http://" else {
            throw target.hasPrefix("/")
                ? ProxyRefusal(.badRequest, "this is a proxy: ask for http://host/path, or CONNECT host:port")
                : ProxyRefusal(.badRequest, "\(Self.shown(target)) is no http:// address; use CONNECT for others")
        }
        let rest = target.dropFirst(7)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard !rest[..<end].contains("@") else { throw ProxyRefusal(.badRequest, "an address must not hold a user") }
        let (host, port) = try Self.split(rest[..<end])
        var path = String(rest[end...].prefix { $0 != "#" })
        if !path.hasPrefix("/") { path = "/" + path }
        let authority = Self.authority(host, port ?? 80, leavingOut: 80)
        var head = "\(words[0]) \(path) \(words[2])\r\nHost: \(authority)\r\nConnection: close\r\n"
        let headers = try Self.passedOn(lines.dropFirst())
        for header in headers { head += header.line + "\r\n" }
        body = try RequestBody(headers: headers.map { ($0.name, $0.line.drop { $0 != ":" }.dropFirst()) })
        (self.host, self.port, self.head) = (host, port ?? 80, Array((head + "\r\n").utf8))
    }

    /// Headers that are between the client and the proxy only (RFC 9110, 7.6.1), and those that are set anew.
    private static let hopByHop: Set<String> = [
        "connection", "proxy-connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "upgrade", "host",
    ]

    private static func passedOn(
        _ lines: ArraySlice<Substring>
    ) throws(ProxyRefusal) -> [(name: String, line: Substring)] {
        var headers: [(name: String, line: Substring)] = []
        var named = hopByHop
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), isToken(line[..<colon]),
                line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 })
            else { throw .garbage }
            let name = line[..<colon].lowercased()
            if name == "connection" {
                named.formUnion(
                    line[line.index(after: colon)...].lowercased().split { ", \t".contains($0) }.map(String.init))
            }
            headers.append((name, line))
        }
        return headers.filter { !named.contains($0.name) }
    }

    /// `host`, `host:port`, `[address]` or `[address]:port`.
    private static func split(_ authority: Substring) throws(ProxyRefusal) -> (host: String, port: Int?) {
        let refusal = ProxyRefusal(.badRequest, "\(shown(authority)) is no host:port")
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw refusal }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard NetworkAddress(host)?.isIPv4 == false || host.contains(":"), rest.isEmpty || rest.hasPrefix(":")
            else {
                throw refusal
            }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard NetworkAddress(host) != nil || HostName.canonical(host) != nil else { throw refusal }
        guard let port else { return (String(host), nil) }
        guard port.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(port),
            1...65535 ~= number
        else { throw refusal }
        return (String(host), number)
    }

    private static func authority(_ host: String, _ port: Int, leavingOut usual: Int? = nil) -> String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == usual ? host : "\(host):\(port)"
    }

    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    /// A client's own words, made fit for an answer.
    private static func shown(_ text: Substring) -> String {
        String(text.unicodeScalars.prefix(80).map { $0.value > 0x20 && $0.value < 0x7F ? Character($0) : "?" })
    }
}

extension String {
    /// Parts between separators, as bytes: to Swift `\r\n` is one character.
    fileprivate func components(by separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
