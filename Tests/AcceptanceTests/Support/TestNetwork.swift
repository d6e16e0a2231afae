import Foundation
import TestSupport

/// Two network namespaces with a cable between them, which programs take for two machines of the same name.
struct TestNetwork: Sendable {
    /// A namespace and its address.
    struct Machine: Sendable {
        let name: String
        let address: String

        /// Starts a program there.
        var wrapper: [String] { ["/usr/sbin/ip", "netns", "exec", name] }

        /// Runs `acode ARGUMENTS…` there.
        func acode(
            _ fixture: AcodeFixture, _ arguments: String..., environment: [String: String] = [:],
            within limit: Duration = .seconds(30)
        ) async throws -> FinishedProcess {
            var plan = fixture.plan(arguments, environment: environment)
            plan.arguments = Array(wrapper.dropFirst()) + [plan.executable] + plan.arguments
            plan.executable = wrapper[0]
            return try await ChildProcess.run(plan, logs: fixture.logs, within: limit)
        }
    }

    let first: Machine
    let second: Machine

    static func with(_ body: (TestNetwork) async throws -> Void) async throws {
        let number = UInt16.random(in: 0...(.max))
        let network = TestNetwork(
            first: Machine(name: "acode-t\(number)a", address: "10.231.7.1"),
            second: Machine(name: "acode-t\(number)b", address: "10.231.7.2"))
        do {
            let (a, b) = (network.first, network.second)
            for machine in [a, b] { try await ip("netns", "add", machine.name) }
            try await ip("-n", a.name, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b.name)
            for machine in [a, b] {
                try await ip("-n", machine.name, "address", "add", "\(machine.address)/24", "dev", "cable")
                for link in ["lo", "cable"] { try await ip("-n", machine.name, "link", "set", link, "up") }
            }
            try await body(network)
        } catch {
            await network.remove()
            throw error
        }
        await network.remove()
    }

    /// Pulls the cable out.
    func cut() async throws { try await Self.ip("-n", first.name, "link", "set", "cable", "down") }

    /// Puts it in again.
    func join() async throws { try await Self.ip("-n", first.name, "link", "set", "cable", "up") }

    private func remove() async {
        for machine in [first, second] { try? await Self.ip("netns", "delete", machine.name) }
    }

    private static func ip(_ arguments: String...) async throws {
        _ = try await ChildProcess.tool(ProcessPlan("/usr/sbin/ip", arguments), within: .seconds(10))
    }
}
