extension ValueFormat where Value == PortPublication {
    /// `[[address:][host port]:]container port[/tcp|udp]`, as everyone writes it. Ranges are refused: each entry is one
    /// port, so that every conflict can be told by its entry.
    static var port: ValueFormat {
        .scalar(expected: "a port as 80, 8080:80 or 127.0.0.1:8080:80, with /udp where it is not TCP") {
            scalar throws(ValueMistake) in
            try parse(scalar.text)
        } encode: {
            .text($0.description)
        }
    }

    private static func parse(_ text: String) throws(ValueMistake) -> PortPublication {
        var rest = text[...]
        var transport = PortPublication.Transport.tcp
        if let slash = rest.lastIndex(of: "/") {
            guard let named = PortPublication.Transport(rawValue: rest[rest.index(after: slash)...].lowercased()) else {
                throw ValueMistake(hint: "the protocol is tcp or udp")
            }
            transport = named
            rest = rest[..<slash]
        }
        var (host, parts) = ("127.0.0.1", [Substring]())
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            parts = rest[end...].dropFirst().split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].isEmpty else { throw ValueMistake(hint: "as in [::1]:8080:80") }
        } else {
            parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard 1...3 ~= parts.count else {
                throw ValueMistake(hint: "write an IPv6 address in brackets, as in [::1]:8080:80")
            }
            if parts.count == 3 { host = String(parts[0]) }
        }
        guard NameRules.address(host) == nil else {
            throw ValueMistake("\"\(host.shortened)\" is not an address of this host", hint: "as in 127.0.0.1:8080:80")
        }
        guard let last = parts.last, let containerPort = try number(last) else { throw ValueMistake() }
        let hostPort = parts.count > 1 ? try number(parts[parts.count - 2]) : nil
        return PortPublication(host: host, hostPort: hostPort, containerPort: containerPort, transport: transport)
    }

    /// A port's number; `nil` for nothing and for 0, which both mean any.
    private static func number(_ text: Substring) throws(ValueMistake) -> Int? {
        if text.isEmpty || text == "0" { return nil }
        if text.contains("-") {
            throw ValueMistake("ranges of ports are not supported", hint: "write an entry for each port")
        }
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let port = Int(text) else {
            throw ValueMistake()
        }
        guard 1...65535 ~= port else { throw ValueMistake("\(text) is no port", hint: "ports are 1 to 65535") }
        return port
    }
}

extension ValueFormat where Value == [PortPublication] {
    /// Ports, no two of them at the same place.
    static var ports: ValueFormat {
        .list(of: .port, expected: "a list of ports, each as 80, 8080:80 or 127.0.0.1:8080:80") { port, before in
            guard before.contains(where: { $0 == port || $0.collides(with: port) }) else { return nil }
            let what = port.hostPort == nil ? "\(port.containerPort)/\(port.transport.rawValue)" : port.place
            return ValueMistake("is the second entry for \(what)", hint: "leave one of them out")
        }
    }
}
