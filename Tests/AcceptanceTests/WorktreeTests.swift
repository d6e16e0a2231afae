import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-056, FR-057, FR-061: the files a task works on.
    @Suite("Worktrees", .timeLimit(.minutes(5)))
    struct Worktrees {
        private static func git(_ arguments: [String], in directory: String) async throws -> String {
            let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "safe.directory=*"]
            let run = try await ChildProcess.tool(
                ProcessPlan("/usr/bin/git", identity + ["-C", directory] + arguments), within: .seconds(20))
            return run.text.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// A repository with two commits on `main` and one on `side`; every hook that a checkout could run leaves a mark.
        private static func makeRepository(_ path: String) async throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            _ = try await git(["init", "-q", "-b", "main"], in: path)
            for text in ["one", "two"] {
                try Data("\(text)\n".utf8).write(to: URL(fileURLWithPath: "\(path)/file"))
                _ = try await git(["add", "."], in: path)
                _ = try await git(["commit", "-q", "-m", text], in: path)
            }
            _ = try await git(["tag", "v1", "HEAD~1"], in: path)
            _ = try await git(["branch", "side"], in: path)
            for hook in ["post-checkout", "pre-commit", "post-commit", "reference-transaction", "fsmonitor-watchman"] {
                let file = "\(path)/.git/hooks/\(hook)"
                try Data("#!/bin/sh\ntouch \(path)/hook-ran\n".utf8).write(to: URL(fileURLWithPath: file))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
            }
        }

        private static func listing(_ path: String) async throws -> String {
            try await ChildProcess.tool(
                ProcessPlan("/bin/sh", ["-c", "cd \(path) && find . -type f -exec sha256sum {} + | sort"]),
                within: .seconds(20)
            ).text
        }

        private func withBase(
            _ name: String, _ backend: Backend, settings more: [String: JSONValue] = [:],
            _ body: (AcodeFixture, _ base: String) async throws -> Void
        ) async throws {
            let base = "/tmp/acode-worktree-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: "\(base)/allowed", withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string("\(base)/allowed")]]
            try await AcodeFixture.with("\(name)-\(backend)", settings: settings.merging(more) { $1 }) { fixture in
                try await fixture.withSupervisor(backend) { _ in try await body(fixture, base) }
            }
        }

        @Test("a directory is worked on where it is", arguments: Backend.all)
        func directory(_ backend: Backend) async throws {
            try await withBase("worktree-path", backend) { fixture, base in
                let tree = "\(base)/allowed/tree"
                try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: tree)
                try fixture.write("before\n", to: "\(tree)/file")
                let run = try await fixture.runScript("cat file; echo after > made; pwd", ["--worktree", tree])
                let place = backend.engine == nil ? tree : "/workspace"
                #expect(run.text == "before\n\(place)\n", "\(run)")
                #expect(try String(contentsOfFile: "\(tree)/made", encoding: .utf8) == "after\n")
            }
        }

        @Test("a directory that the worker's user can't write to is explained", arguments: Engine.all)
        func ownership(_ engine: Engine) async throws {
            try await withBase("worktree-owner", .of(engine)) { fixture, base in
                let tree = "\(base)/allowed/tree"
                try FileManager.default.createDirectory(
                    atPath: tree, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
                let id = try await fixture.submitScript("echo x > file", ["--worktree", tree])
                let task = try await fixture.waitFor(id, state: "error")
                let reason = try #require(task["reason"].string)
                for part in [tree, "uid 0", "uid 1000", "can't write", "chown"] {
                    #expect(reason.contains(part), "\(part) in \(reason)")
                }
                let refused = try await fixture.runScript("true", ["--worktree", base])
                #expect(refused.code == 1)
                #expect(refused.errorText.contains("allowedMounts"), "\(refused)")
            }
        }

        @Test("a clone is made for the attempt and removed; the repository stays as it is", arguments: Backend.all)
        func clone(_ backend: Backend) async throws {
            try await withBase("worktree-git", backend) { fixture, base in
                let repository = "\(base)/allowed/repo"
                try await Self.makeRepository(repository)
                let before = try await Self.listing(repository)
                let id = try await fixture.submitScript(
                    """
                    cat file; echo changed > file; rm -rf .git/objects/pack; test -e .git/objects/info/alternates
                    test $? = 1 && test -d .git && mkdir -p .git/hooks && echo '#!/bin/sh' > .git/hooks/post-checkout
                    grep -c changed file
                    """, ["--git", "\(repository)@main"])
                let task = try await fixture.waitFor(id, state: "complete")
                #expect(try await fixture.acode("task", "logs", id).text == "two\n1\n", "\(task)")
                #expect(try await Self.listing(repository) == before)
                let events = try await fixture.json("task", "events", id).elements
                let commit = try await Self.git(["rev-parse", "main"], in: repository)
                #expect(
                    events.contains { $0["kind"] == "worktree_made" && $0["message"].string?.contains(commit) == true })
                let workers = try FileManager.default.contentsOfDirectory(atPath: "\(fixture.stateDirectory)/workers")
                for worker in workers {
                    let left = try FileManager.default.contentsOfDirectory(
                        atPath: "\(fixture.stateDirectory)/workers/\(worker)/work")
                    #expect(left.isEmpty, "\(left)")
                }
                for (ref, text) in [("v1", "one\n"), ("side", "two\n"), (commit, "two\n")] {
                    let run = try await fixture.runScript("cat file", ["--git", "\(repository)@\(ref)"])
                    #expect(run.text == text, "\(ref): \(run)")
                }
                #expect(!FileManager.default.fileExists(atPath: "\(repository)/hook-ran"))
                let unknown = try await fixture.runScript("true", ["--git", "\(repository)@nowhere"])
                #expect(unknown.code == 1)
                #expect(unknown.errorText.contains("no branch, tag or commit nowhere"), "\(unknown)")
            }
        }

        @Test("bare repositories and those of other users work, others are told", arguments: Engine.all)
        func repositories(_ engine: Engine) async throws {
            try await withBase("worktree-repos", .of(engine)) { fixture, base in
                try await Self.makeRepository("\(base)/source")
                _ = try await Self.git(["clone", "-q", "--bare", "source", "allowed/bare.git"], in: base)
                _ = try await ChildProcess.tool(
                    ProcessPlan("/bin/chown", ["-R", "1234:1234", "\(base)/allowed/bare.git"]), within: .seconds(5))
                let run = try await fixture.runScript("cat file", ["--git", "\(base)/allowed/bare.git"])
                #expect(run.text == "two\n", "\(run)")
                for (path, words) in [
                    ("\(base)/source", "allowedMounts"), ("\(base)/allowed", "can't clone"),
                    ("\(base)/allowed/missing", "the repository \(base)/allowed/missing is not an existing"),
                ] {
                    let refused = try await fixture.runScript("true", ["--git", path])
                    #expect(refused.code == 1)
                    #expect(refused.errorText.contains(words), "\(path): \(refused)")
                }
                let file = try fixture.file(
                    "tasks.yaml",
                    """
                    tasks:
                      - name: shallow
                        command: [sh, -c, "test -s .git/shallow && cat file"]
                        worktree: {git: {repo: "\(base)/allowed/bare.git", ref: main, depth: 1}}
                    """)
                let shallow = try await fixture.acode("task", "submit", "--wait", "-q", "--file", file)
                #expect(shallow.text == "two\n", "\(shallow)")
            }
        }

        @Test("nothing of a clone is left after the supervisor was killed", arguments: Engine.all)
        func killed(_ engine: Engine) async throws {
            let base = "/tmp/acode-worktree-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string(base)]]
            try await AcodeFixture.with("worktree-killed-\(engine)", settings: settings) { fixture in
                try await Self.makeRepository("\(base)/repo")
                let before = try await Self.listing("\(base)/repo")
                let workers = "\(fixture.stateDirectory)/workers"
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript("cat file; sleep 2", ["--git", "\(base)/repo@main"])
                    try await fixture.waitFor(id, toPrint: "two")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: workers).count == 1)
                try await fixture.withSupervisor(.of(engine)) { _ in
                    try await fixture.waitFor(id, state: "complete")
                    #expect(try await fixture.acode("task", "logs", id).text == "two\n")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: workers) == [])
                #expect(try await Self.listing("\(base)/repo") == before)
            }
        }

        @Test("configuration, source and worktree are there together, each as it was asked for", arguments: Engine.all)
        func together(_ engine: Engine) async throws {
            let config = "/tmp/acode-config-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: config) }
            try FileManager.default.createDirectory(atPath: config, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: config)
            try Data("setting\n".utf8).write(to: URL(fileURLWithPath: "\(config)/app.conf"))
            let settings: [String: JSONValue] = [
                "workers.docker.mounts": [["source": .string(config), "target": "/config", "readOnly": true]]
            ]
            try await withBase("worktree-together", .of(engine), settings: settings) { fixture, base in
                let (source, tree) = ("\(base)/allowed/source", "\(base)/allowed/tree")
                for path in [source, tree] {
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
                }
                try fixture.write("source\n", to: "\(source)/file")
                let run = try await fixture.runScript(
                    """
                    cat /config/app.conf /source/file; cat /source/file > made
                    for place in /config/app.conf /config/new /source/file /source/new; do
                        (echo x > $place) 2>/dev/null && echo wrote $place; done; pwd
                    """, ["--worktree", tree, "--mount", "\(source):/source:ro"])
                #expect(run.text == "setting\nsource\n/workspace\n", "\(run)")
                #expect(try String(contentsOfFile: "\(tree)/made", encoding: .utf8) == "source\n")
                #expect(try FileManager.default.contentsOfDirectory(atPath: config) == ["app.conf"])
            }
        }

        /// The host's own git, with the libraries it needs, in an image that has none.
        @Test("git works in a container's clone, for whatever user", arguments: Engine.all)
        func historyInside(_ engine: Engine) async throws {
            let mounts = [("/usr", "/usr"), ("/usr/lib", "/lib"), ("/usr/lib64", "/lib64")].map { source, target in
                JSONValue.object(["source": .string(source), "target": .string(target), "readOnly": true])
            }
            try await withBase("worktree-git-inside", .of(engine), settings: ["workers.docker.mounts": .array(mounts)])
            {
                fixture, base in
                let repository = "\(base)/allowed/repo"
                try await Self.makeRepository(repository)
                for user in [[], ["--user", "2000:2001"]] {
                    let run = try await fixture.runScript(
                        """
                        export HOME=$ACODE_TEMP_DIR; git log --format=%s; echo three > file; git status --porcelain
                        git -c user.name=t -c user.email=t@example.org commit -qam three && git log -1 --format=%s
                        """, user + ["--git", "\(repository)@main"])
                    #expect(run.text == "two\none\n M file\nthree\n", "\(run)")
                }
            }
        }

        @Test("git itself works in a clone", arguments: [Backend.local])
        func history(_ backend: Backend) async throws {
            try await withBase("worktree-history", backend) { fixture, base in
                let repository = "\(base)/allowed/repo"
                try await Self.makeRepository(repository)
                let run = try await fixture.runScript(
                    """
                    git log --format=%s; echo changed > file; git status --porcelain
                    git diff > $ACODE_OUTPUT_DIR/change.patch
                    """, ["--git", "\(repository)@main", "--output", "change.patch:\(base)/allowed/x"])
                #expect(run.code == 1, "there is no directory that outputs may go to")
                let id = try await fixture.submitScript(
                    "git log --format=%s; echo changed > file; git diff > $ACODE_OUTPUT_DIR/change.patch",
                    ["--git", "\(repository)@main", "--output", "change.patch"])
                try await fixture.waitFor(id, state: "complete")
                #expect(try await fixture.acode("task", "logs", id).text == "two\none\n")
                let patch = "\(fixture.stateDirectory)/outputs/\(id)/change.patch"
                _ = try await Self.git(["apply", patch], in: repository)
                #expect(try String(contentsOfFile: "\(repository)/file", encoding: .utf8) == "changed\n")
            }
        }
    }
}
