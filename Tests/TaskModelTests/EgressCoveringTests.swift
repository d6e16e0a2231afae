import Foundation
import TaskModel
import Testing

@Suite("A task's egress within its pool's")
struct EgressCoveringTests {
    private static func policy(_ text: String) throws -> EgressPolicy {
        text == "allow-all" ? .allowAll : .only(try text.split(separator: " ").map { try EgressRule(String($0)) })
    }

    @Test(
        "what the pool does not permit is named",
        arguments: [
            ("a.org *.b.org", "", ""), ("a.org", "a.org", ""), ("a.org", "a.org:443", ""),
            ("a.org", "a.org:22", "a.org:22"),
            ("a.org:443", "a.org", "a.org"), ("a.org:443 a.org:80", "a.org", ""), ("a.org:*", "a.org a.org:22", ""),
            ("a.org", "a.org:*", "a.org:*"), ("*.b.org", "x.b.org *.y.b.org *.b.org", ""),
            ("*.b.org", "b.org", "b.org"),
            ("x.b.org", "*.b.org", "*.b.org"), ("*.b.org", "x.notb.org", "x.notb.org"),
            ("10.0.0.0/8:5432", "10.1.2.3:5432 10.1.0.0/16:5432", ""), ("10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.0.0/16", "10.2.0.1", "10.2.0.1"), ("fd00::/8", "fd00::1", ""), ("10.0.0.0/8", "fd00::1", "fd00::1"),
            ("", "a.org", "a.org"), ("a.org", "allow-all", "allow-all"), ("allow-all", "allow-all", ""),
            ("allow-all", "a.org:* 10.0.0.0/8 8.8.8.8", ""), ("allow-all", "127.0.0.1:80", "127.0.0.1:80"),
            ("allow-all", "0.0.0.0/0", "0.0.0.0/0"), ("allow-all", "169.254.169.254", "169.254.169.254"),
            ("allow-all", "::1 fe80::1", "::1 fe80::1"), ("127.0.0.0/8", "127.0.0.1", ""),
        ])
    func missing(pool: String, own: String, missing: String) throws {
        let found = try Self.policy(pool).missing(for: Self.policy(own))
        #expect(found.joined(separator: " ") == missing)
    }

    @Test func whatIsNotCoveredAnyMoreIsLeftOut() throws {
        #expect(try Self.policy("a.org").limiting(Self.policy("a.org:443 b.org")) == Self.policy("a.org:443"))
        #expect(try Self.policy("a.org").limiting(.allowAll) == Self.policy("a.org"))
    }

    @Test(arguments: ["allow-all", "", "a.org *.b.org:8443 [fd00::1]:5432 10.0.0.0/8:*"])
    func readsBackFromJSON(text: String) throws {
        let policy = try Self.policy(text)
        let task = TaskSpec(command: ["a"], egress: policy)
        #expect(try JSONDecoder().decode(TaskSpec.self, from: JSONEncoder().encode(task)) == task)
    }

    @Test(
        "other spellings of an address are names, and names are ASCII",
        arguments: [
            "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.01", "127.0.0.1.", "[127.0.0.1]", "::1%lo", "0x0",
            "\u{212A}.org", "localho\u{17F}t", "xn--bcher-kva.example.org.", "a.org\u{0}.b.org", "a.org..",
            "1.1.1.1@a.org",
        ])
    func spellings(host: String) throws {
        let verdict = try Self.policy("a.org 127.0.0.1 *.k.org k.org localhost").judge(host: host, port: 80)
        #expect(verdict == .deny(.notAllowed))
    }
}
