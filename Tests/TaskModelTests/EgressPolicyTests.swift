import TaskModel
import Testing

@Suite("Egress policy")
struct EgressPolicyTests {
    private static func policy(_ rules: [String]) throws -> EgressPolicy { .only(try rules.map { try EgressRule($0) }) }

    private static let rules = [
        "registry.example.org", "*.example.net", "db.internal:5432", "any.example.org:*", "10.1.2.3:5432",
        "192.168.7.0/24", "[fd00::1]:8080",
    ]

    @Test(
        "names are judged by host and port",
        arguments: [
            ("registry.example.org", 443, true), ("registry.example.org", 80, true),
            ("Registry.Example.ORG.", 443, true), ("registry.example.org", 8443, false),
            ("evil-registry.example.org", 443, false), ("registry.example.org.evil.com", 443, false),
            ("a.example.net", 443, true), ("a.b.example.net", 80, true), ("example.net", 443, false),
            ("notexample.net", 443, false), ("db.internal", 5432, true), ("db.internal", 443, false),
            ("any.example.org", 22, true), ("localhost", 80, false), ("127.1", 80, false), ("0x7f000001", 80, false),
            ("", 80, false), ("a..example.net", 443, false),
        ])
    func names(host: String, port: Int, allowed: Bool) throws {
        let verdict = try Self.policy(Self.rules).judge(host: host, port: port)
        if allowed {
            #expect(
                verdict
                    == .resolve(
                        host.lowercased().hasSuffix(".") ? String(host.lowercased().dropLast()) : host.lowercased()))
        } else {
            #expect(verdict == .deny(.notAllowed))
        }
    }

    @Test(
        "addresses need to be listed themselves",
        arguments: [
            ("10.1.2.3", 5432, true), ("10.1.2.3", 80, false), ("10.1.2.4", 5432, false), ("192.168.7.200", 443, true),
            ("192.168.8.1", 443, false), ("fd00::1", 8080, true), ("fd00:0:0::1", 8080, true), ("fd00::2", 8080, false),
            ("::ffff:10.1.2.3", 5432, true), ("169.254.169.254", 80, false), ("127.0.0.1", 80, false),
            ("8.8.8.8", 443, false),
        ])
    func addresses(host: String, port: Int, allowed: Bool) throws {
        let verdict = try Self.policy(Self.rules).judge(host: host, port: port)
        #expect(verdict == (allowed ? .connect(try #require(NetworkAddress(host))) : .deny(.addressNotListed)))
    }

    @Test(
        "what a permitted name leads to is connected to when it is public or listed",
        arguments: [
            ("93.184.215.14", true), ("2606:2800:21f::1", true), ("127.0.0.1", false), ("10.0.0.1", false),
            ("172.31.255.255", false), ("172.32.0.1", true), ("169.254.169.254", false), ("100.64.0.1", false),
            ("0.0.0.0", false), ("224.0.0.1", false), ("255.255.255.255", false), ("::1", false), ("::", false),
            ("fe80::1", false), ("fd12::1", false), ("ff02::1", false), ("::ffff:127.0.0.1", false),
            ("64:ff9b::7f00:1", false), ("2002:7f00:1::", false), ("2001:db8::1", false), ("192.168.7.9", true),
        ])
    func rebinding(address: String, allowed: Bool) throws {
        let found = [try #require(NetworkAddress(address))]
        #expect(try Self.policy(Self.rules).addresses(found, port: 443) == (allowed ? found : []))
    }

    @Test func denyAllowsNothingAndAllowAllEverything() {
        #expect(EgressPolicy.only([]).judge(host: "a.example", port: 443) == .deny(.notAllowed))
        #expect(EgressPolicy.only([]).judge(host: "1.1.1.1", port: 443) == .deny(.addressNotListed))
        #expect(EgressPolicy.allowAll.judge(host: "a.example", port: 25) == .resolve("a.example"))
        #expect(!EgressPolicy.allowAll.isRestricted)
    }

    @Test(
        "rules read back as they are written",
        arguments: [
            ("Example.ORG.", "example.org"), ("*.example.org:8443", "*.example.org:8443"), ("a:*", "a:*"),
            ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/32:80", "10.1.2.3:80"), ("[fd00::1]:5432", "[fd00::1]:5432"),
            ("fd00::/8", "fd00::/8"), ("[::1]", "::1"),
        ])
    func reading(text: String, written: String) throws {
        let rule = try EgressRule(text)
        #expect(rule.description == written)
        #expect(try EgressRule(rule.description) == rule)
    }

    @Test(
        "what is no rule is refused",
        arguments: [
            "", "*", "*.", "*.*.org", "a.*", "https://example.org", "example.org/path", "example.org:", "example.org:0",
            "example.org:70000", "example.org:http", "10.0.0.1/8", "10.0.0.0/33", "[::1", "[::1]x", "bücher.example",
            "a b", "..",
        ])
    func refused(text: String) {
        #expect(throws: EgressRule.Mistake.self) { try EgressRule(text) }
    }
}
