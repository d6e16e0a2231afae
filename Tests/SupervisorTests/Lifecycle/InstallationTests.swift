import Foundation
import Glibc
import TestSupport
import Testing

@testable import Supervisor

@Suite("Installation")
struct InstallationTests {
    private static let home = InstallationHome(machine: "m", inode: 7, path: "/state")

    @Test(
        arguments: [
            (home, false, .keep),
            (nil, false, .note),
            // The original of a copy is of no matter to itself.
            (home, true, .keep),
            (InstallationHome(machine: nil, inode: 7, path: "/state"), false, .note),
            (InstallationHome(machine: "m", inode: 7, path: "/other"), false, .note),
            (
                InstallationHome(machine: "m", inode: 7, path: "/other"), true,
                .renew("the state directory is a copy of /other")
            ),
            (InstallationHome(machine: "m", inode: 8, path: "/state"), false, .renew("the state directory is a copy")),
            (
                InstallationHome(machine: "n", inode: 7, path: "/state"), false,
                .renew("the state directory comes from another machine")
            ),
        ] as [(InstallationHome?, Bool, InstallationHome.Verdict)])
    func anIdentityIsKeptWhereItWasMade(
        recorded: InstallationHome?, original: Bool, verdict: InstallationHome.Verdict
    ) {
        #expect(Self.home.judge(recorded: recorded, original: original) == verdict)
    }

    @Test(arguments: [home, InstallationHome(machine: nil, inode: .max, path: "/a\nb")])
    func aHomeIsReadAsItWasWritten(_ home: InstallationHome) {
        #expect(InstallationHome(home.text) == home)
        #expect(InstallationHome(String(home.text.dropLast())) == nil)
    }

    private let scratch: Scratch
    private var file: InstallationFile { file("state") }

    init() throws {
        scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/state", withIntermediateDirectories: true)
        try Data("one\n".utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/machine"))
    }

    private func file(_ name: String) -> InstallationFile {
        InstallationFile(directory: "\(scratch.path)/\(name)", machineFiles: ["\(scratch.path)/machine"])
    }

    @Test func aMovedDirectoryKeepsItsIdentity() throws {
        let first = try file.settle()
        #expect(first.renewal == nil)
        #expect(try file.settle() == first)
        try FileManager.default.moveItem(atPath: file.directory, toPath: "\(scratch.path)/moved")
        #expect(try file("moved").settle() == first)
        #expect(try file("moved").settle() == first)
    }

    @Test func aCopyGetsAnIdentityOfItsOwnOnce() throws {
        let first = try file.settle()
        try FileManager.default.copyItem(atPath: file.directory, toPath: "\(scratch.path)/copy")
        let copy = try file("copy").settle()
        #expect(copy.id != first.id)
        #expect(copy.renewal?.contains("is a copy") == true)
        #expect(try file("copy").settle() == .init(id: copy.id))
        #expect(try file.settle() == first)
        #expect(file.id == first.id)
    }

    @Test func aClonedMachineGetsAnIdentityOfItsOwn() throws {
        let first = try file.settle()
        try Data("two\n".utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/machine"))
        let second = try file.settle()
        #expect(second.id != first.id)
        #expect(second.renewal?.contains("another machine") == true)
        #expect(try file.settle() == .init(id: second.id))
    }

    @Test func anIdentityOfAnOlderProgramIsKept() throws {
        try Data("old\n".utf8).write(to: URL(fileURLWithPath: "\(file.directory)/installation-id"))
        #expect(try file.settle() == .init(id: "old"))
        #expect(try file.settle() == .init(id: "old"))
    }

    @Test func manyWhoStartAtOnceAgree() async throws {
        let file = file
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 { group.addTask { try file.settle().id } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
    }
}
