import Settings
import TaskModel
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Rules for files of tasks")
struct PureFileRuleTests {
    @Test(
        arguments: [
            ("a", 0, true), ("a/b", 0, true), ("./a", 0, true), ("", 0, false), ("/etc/passwd", 0, false),
            ("/", 5, false), ("..", 0, false), ("../a", 1, true), ("../../a", 1, false), ("../..", 2, true),
            // Behind a name, which may be a link, nobody knows where `..` leads.
            ("a/..", 1, false), ("../a/../..", 3, false), ("..a", 0, true), ("a/..b", 0, true),
        ])
    func aLinkMayStayInItsOutputOnly(_ target: String, depth: Int, stays: Bool) {
        #expect(LinkRule.stays(target, depth: depth) == stays)
    }

    @Test(
        arguments: [
            (nil, ["HEAD"]), ("HEAD", ["HEAD"]), ("main", ["refs/remotes/origin/main", "refs/tags/main"]),
            ("refs/heads/a/b", ["refs/remotes/origin/a/b"]), ("origin/main", ["refs/remotes/origin/main"]),
            ("refs/tags/v1", ["refs/tags/v1"]),
            ("cafe", ["refs/remotes/origin/cafe", "refs/tags/cafe", "cafe"]),
        ] as [(String?, [String])])
    func aRefIsLookedForAsABranchThenAsATagThenAsACommit(_ ref: String?, names: [String]) {
        #expect(GitRef.candidates(ref) == names)
    }

    private static func hint(
        user: (UInt32, UInt32) = (1000, 1000), owner: UInt32, group: UInt32 = 0, mode: UInt32, readOnly: Bool = false
    ) -> String? {
        MountAccess(user: ContainerUser(uid: user.0, gid: user.1)).hint(
            MountSpec(source: "/srv/x", target: "/x", readOnly: readOnly), owner: owner, group: group, mode: mode,
            isDirectory: true)
    }

    @Test func whoCanUseAMountIsToldNothing() {
        #expect(Self.hint(owner: 1000, mode: 0o700) == nil)
        #expect(Self.hint(owner: 0, group: 1000, mode: 0o770) == nil)
        #expect(Self.hint(owner: 0, mode: 0o777) == nil)
        #expect(Self.hint(owner: 0, mode: 0o755, readOnly: true) == nil)
    }

    @Test func whereUsersAreOthersOnThisHostThoseCount() {
        let access = MountAccess(
            user: ContainerUser(uid: 1000, gid: 1000), users: .shifted(firstUser: 100_000, firstGroup: 100_000))
        func hint(owner: UInt32, group: UInt32 = 0, mode: UInt32) -> String? {
            access.hint(
                MountSpec(source: "/srv/x", target: "/x"), owner: owner, group: group, mode: mode, isDirectory: true)
        }
        #expect(hint(owner: 101_000, mode: 0o700) == nil)
        #expect(hint(owner: 0, group: 101_000, mode: 0o770) == nil)
        #expect(
            hint(owner: 1000, mode: 0o700)
                == "/srv/x belongs to uid 1000 (mode 0700) and the worker runs as uid 1000 (101000 on this host), which "
                + "can't read it: chown it to 101000")
    }

    @Test func whoCanNotIsToldWhoseItIsAndWhatToDo() {
        let roots = Self.hint(owner: 0, mode: 0o755)
        #expect(
            roots == "/srv/x belongs to uid 0 (mode 0755) and the worker runs as uid 1000, which can't write to it: "
                + "chown it to 1000")
        let others = Self.hint(owner: 501, group: 20, mode: 0o750)
        #expect(others?.contains("can't read it: chown it to 1000, or set workers.docker.user to 501:20") == true)
        #expect(Self.hint(owner: 0, mode: 0o700, readOnly: true)?.contains("can't read") == true)
        // The owner's bits count for the owner, whatever others may.
        #expect(Self.hint(owner: 1000, mode: 0o077) != nil)
        // Root without capabilities is a user like any other.
        #expect(Self.hint(user: (0, 0), owner: 1000, mode: 0o755) != nil)
    }

    @Test(
        arguments: [
            (TaskOutcome.failed, true), (.timedOut, true), (.oomKilled, true), (.succeeded, false),
            (.cancelled, false), (.interrupted, false), (.workerLost, false), (.leaseLost, false),
            (.startFailed, false),
        ])
    func scratchIsKeptWhenTheCommandFailed(_ outcome: TaskOutcome, isKept: Bool) {
        let verdict = Verdict(outcome: outcome, reason: "")
        #expect(ScratchKeep.onFailure.applies(to: verdict) == isKept)
        #expect(ScratchKeep.always.applies(to: verdict))
        #expect(!ScratchKeep.never.applies(to: verdict))
    }
}
