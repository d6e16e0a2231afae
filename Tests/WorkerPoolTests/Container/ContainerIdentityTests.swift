import Foundation
import Glibc
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Container identity")
struct ContainerIdentityTests {
    @Test func nobodyBelongsToAContainerWithoutAnID() {
        let identity = ContainerIdentity()
        #expect(!identity.owns(pid: getpid()))
        #expect(!identity.owns(pid: 0))
        #expect(identity.containerID == nil)
        #expect(!identity.mayExist)
    }

    @Test func aCreateThatBeganMayHaveMadeOne() {
        let identity = ContainerIdentity()
        identity.createBegins()
        #expect(identity.mayExist)
        #expect(identity.containerID == nil)
    }

    /// The first process of a pid namespace of its own stands for a container's, any part of its cgroup for the id.
    @Test(.enabled(if: getuid() == 0)) func onlyTheFirstProcessOfTheContainerSpeaksForIt() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["--pid", "--fork", "--kill-child", "/bin/sleep", "1000"]
        try process.run()
        let launcher = process.processIdentifier
        let first: Int32 = try await eventually("the first process") {
            let children = FileManager.default.contents(atPath: "/proc/\(launcher)/task/\(launcher)/children")
            return children.flatMap { Int32(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces)) }
        }
        let identity = ContainerIdentity()
        identity.set(containerID: try Self.cgroupPath())
        #expect(identity.owns(pid: first))
        #expect(!identity.owns(pid: getpid()))
        kill(first, SIGKILL)
        try await eventually("the end") { !process.isRunning }
    }

    private static func cgroupPath() throws -> String {
        let data = try #require(FileManager.default.contents(atPath: "/proc/self/cgroup"))
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let paths = lines.compactMap { $0.split(separator: ":", maxSplits: 2).last }
        return String(try #require(paths.max { $0.count < $1.count }))
    }

    @Test(
        arguments: [
            ("Name:\tx\nNSpid:\t4242\t1\nNSpgid:\t1\n", true), ("NSpid:\t4242\t7\t1\n", true),
            ("NSpid:\t4242\t7\n", false), ("NSpid:\t4242\n", false), ("NSpid:\t11\n", false), ("", false),
        ])
    func theFirstProcessIsOneInItsOwnNamespace(_ status: String, isFirst: Bool) {
        #expect(ContainerIdentity.isFirstProcess(status: status) == isFirst)
    }

    @Test func aStrangerAndAProcessThatIsGoneAreRefused() {
        let identity = ContainerIdentity()
        identity.set(containerID: String(repeating: "ab", count: 32))
        #expect(!identity.owns(pid: getpid()))
        #expect(!identity.owns(pid: .max))
    }

    @Test func aProcessThatCanNotBeSeenIsVouchedForByTheDirectory() {
        let identity = ContainerIdentity()
        identity.set(containerID: "c")
        #expect(identity.owns(pid: 0))
    }
}
