/// One place that tasks may connect to: `host`, `*.domain` or an address or range of addresses, with a port or without.
package struct EgressRule: Sendable, Hashable, CustomStringConvertible {
    /// Where.
    package enum Target: Sendable, Hashable {
        /// The host of exactly this name, in lower case.
        case host(String)
        /// Every host below this domain, but not the domain itself.
        case subdomains(String)
        /// Addresses, given as such.
        case addresses(AddressRange)
    }

    /// Which ports.
    package enum Ports: Sendable, Hashable {
        /// 80 and 443: what a rule without a port means.
        case web
        case one(Int)
        /// `*`
        case any

        func contains(_ port: Int) -> Bool {
            switch self {
            case .web: port == 80 || port == 443
            case .one(let one): port == one
            case .any: true
            }
        }
    }

    /// Where.
    package let target: Target
    /// Which ports.
    package let ports: Ports

    /// Why a text is no rule.
    package struct Mistake: Error, Sendable, Equatable {
        /// In plain words, to follow the rule's text.
        package let message: String
        /// What to write instead.
        package let hint: String?

        init(_ message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
        }
    }

    /// Reads a rule.
    ///
    /// - Throws: `Mistake`.
    package init(_ text: String) throws(Mistake) {
        let (host, port) = try Self.split(text)
        ports = try Self.ports(port)
        if let range = AddressRange(host) {
            target = .addresses(range)
            return
        }
        if host.contains("/") {
            let isURL = text.contains("://") || !(host.first?.isNumber ?? false)
            throw Mistake(
                isURL ? "is no host: a rule is about hosts and ports, not about paths" : "is no range of addresses",
                hint: isURL ? "as in registry.example.org or registry.example.org:8443" : "as in 10.1.0.0/16")
        }
        let isPattern = host.hasPrefix("*.")
        guard let name = HostName.canonical(isPattern ? host.dropFirst(2) : host[...]) else {
            let isForeign = !text.utf8.allSatisfy { $0 < 0x80 }
            throw Mistake(
                "is not the name of a host",
                hint: isForeign
                    ? "write names of other scripts in their ASCII form, xn--…"
                    : "as in registry.example.org, *.example.org or 10.1.2.3:5432")
        }
        target = isPattern ? .subdomains(name) : .host(name)
    }

    /// Whether the rule is about this port of this host, by its name.
    package func admits(name: String, port: Int) -> Bool {
        guard ports.contains(port) else { return false }
        return switch target {
        case .host(let host): name == host
        case .subdomains(let domain): name.hasSuffix("." + domain)
        case .addresses: false
        }
    }

    /// Whether the rule lists this port of this address.
    package func admits(address: NetworkAddress, port: Int) -> Bool {
        guard ports.contains(port), case .addresses(let range) = target else { return false }
        return range.contains(address)
    }

    package var description: String {
        let host =
            switch target {
            case .host(let name): name
            case .subdomains(let domain): "*." + domain
            case .addresses(let range): "\(range)"
            }
        let isBracketed = ports != .web && host.contains(":")
        let suffix =
            switch ports {
            case .web: ""
            case .one(let port): ":\(port)"
            case .any: ":*"
            }
        return (isBracketed ? "[\(host)]" : host) + suffix
    }

    /// A rule's host and, behind the last colon, its port. An address of IPv6 with a port stands in brackets.
    private static func split(_ text: String) throws(Mistake) -> (host: String, port: Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Mistake("lacks a closing bracket") }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw Mistake("has something else than a port behind its bracket", hint: "as in [fd00::1]:5432")
            }
            return (String(text[text.index(after: text.startIndex)..<end]), rest.isEmpty ? nil : rest.dropFirst())
        }
        let colons = text.count { $0 == ":" }
        guard colons == 1, let colon = text.firstIndex(of: ":"), !text.contains("://") else { return (text, nil) }
        return (String(text[..<colon]), text[text.index(after: colon)...])
    }

    private static func ports(_ text: Substring?) throws(Mistake) -> Ports {
        guard let text else { return .web }
        if text == "*" { return .any }
        guard let port = Int(text), 1...65535 ~= port else {
            throw Mistake("has no port behind its colon", hint: "a number from 1 to 65535, or * for any")
        }
        return .one(port)
    }
}

/// Names of hosts as they are compared.
package enum HostName {
    /// In lower case and without a final dot; `nil` for what is no name: 1 to 253 of a–z, 0–9, `-`, `_` and `.`, no two
    /// dots in a row.
    package static func canonical(_ text: some StringProtocol) -> String? {
        // Some letters of other scripts become ASCII in lower case.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var name = text.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        guard 1...253 ~= name.utf8.count, !name.hasPrefix("."), !name.hasSuffix("."), !name.contains("..") else {
            return nil
        }
        let isPlain = name.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || "-_.".utf8.contains(byte)
        }
        return isPlain ? name : nil
    }
}
