import Testing

@testable import Settings

@Suite("Scripts of shells")
struct ShellScriptTests {
    /// A command with X where a placeholder would be dangerous, and whether its standard input is a script too.
    @Test(
        "every word that a shell may run is found, and no other",
        arguments: [
            ("sh -c X", false), ("sh -ce X sh a", false), ("sh -c X a b", false), ("/usr/bin/env -i bash -lc X", false),
            ("timeout 5 busybox sh -c X", false), ("sh script.sh -c a", false), ("sh a -c b", false),
            ("make -c a", false), ("sort", false), ("pygmentize -l bash", true), ("bash -e", true), ("sh", true),
            ("/entrypoint.sh sh", true), ("gosu app sh", true), ("gosu app sh a", false), ("gosu app sh -c X", false),
            ("su worker -c X", false), ("su -c X worker", false), ("su - worker -c X sh a", false),
            ("/bin/su -s /bin/bash -lc X worker", false), ("su worker -- -c X", false), ("su worker --comm X", false),
            ("./su -c a", false), ("su", true), ("su - worker", true), ("su -s /bin/sh worker", true),
            ("su worker a", false), ("runuser -l worker -c X", false), ("runuser worker", true),
            ("runuser -u worker make -c a", false), ("runuser -u worker -- sort", false),
            ("runuser -u worker -- sh -c X", false), ("script -qec X /dev/null", false), ("script /dev/null", true),
            ("timeout 5 script -q", true), ("npm run script -c a", false), ("flock /l -c X", false),
            ("flock -w 5 -n /l -c X", false), ("flock /l --command X", false), ("flock /l make -c a", false),
            ("flock -xw 5 /l -c X", false), ("env -a sh -S X", false), ("env --chdir=/data -S X", false),
            ("flock /l sort", false), ("flock /l sh", true), ("env -S X", false), ("env -i -vS X", false),
            ("env -u S make -S a", false), ("env A=b sort -S a", false), ("env -S", false),
            ("env -i sh -s a", true), ("busybox sh", true), ("bash script.sh", false), ("bash -x -- script.sh", false),
        ])
    func places(command: String, readsInput: Bool) {
        let words = command.split(separator: " ").map(String.init)
        let found = ShellScripts(in: .list(words.map(YAMLNode.text)))
        let script = words.firstIndex(of: "X")
        #expect(script.map { found.words.contains($0) } ?? found.words.isEmpty, "\(found)")
        #expect(found.words.allSatisfy { $0 == script || words[$0].hasPrefix("-") }, "\(found)")
        #expect(found.isStandardInput == readsInput)
    }

    @Test(
        "options between -c and the script don't hide it",
        arguments: [
            "[sh, -ce, \"echo {{x}}\"]", "[bash, -c, --, \"echo {{x}}\"]", "[sh, -c, -e, \"echo {{x}}\"]",
            "[bash, -c, -o, pipefail, \"{{x}}\"]", "[bash, -ceo, pipefail, \"{{x}}\"]", "[bash, -c, +e, \"{{x}}\"]",
            "[bash, -o, pipefail, -c, \"{{x}}\"]", "[bash, \"-{{x}}\", a]", "[fish, \"--command={{x}}\"]",
            "[sh, -c, 'exec \"$@\"', x, bash, -c, \"{{x}}\"]", "[su, worker, -c, \"convert {{x}}\"]",
            "[su, worker, \"--command=convert {{x}}\"]", "[su, worker, \"-cconvert {{x}}\"]",
            "[flock, /l, -c, \"make {{x}}\"]", "[env, \"-Ssh -c '{{x}}'\"]", "[env, -S, \"sh -c\", \"{{x}}\"]",
            "[env, \"--split-string=make {{x}}\"]", "[env, -i, \"-S\", \"bash -e -c\", \"{{x}}\"]",
        ])
    func spellings(command: String) throws {
        let found = try problems(
            "handlers: {t: {parameters: {x: {type: string, required: true}}, command: \(command)}}")
        #expect(found.count == 1 && found[0].contains("would become a part of a shell's script"), "\(found)")
    }

    @Test("a standard input that a shell runs holds no parameter, one that its script reads may")
    func input() throws {
        let head = "handlers: {t: {parameters: {x: {type: string, required: true}}, stdin: \"{{x}}\", command: "
        let found = try problems(head + "[bash, -e]}}")
        #expect(
            found.count == 1
                && found[0].contains(
                    "handlers.t.stdin: would become a part of a shell's script (use $ACODE_PARAM_X there)"),
            "\(found)")
        #expect(try problems(head + "[sh, -c, cat]}}") == [])
    }
    @Test(
        "a shell reads the standard input, whoever starts it",
        arguments: [
            "[/entrypoint.sh, sh]", "[gosu, app, sh]", "[su, worker]", "[env, -S, bash -e]", "[script, -q, /dev/null]",
        ])
    func started(command: String) throws {
        let found = try problems(
            "handlers: {t: {parameters: {x: {type: string, required: true}}, stdin: \"{{x}}\", command: \(command)}}")
        #expect(found.count == 1 && found[0].contains("handlers.t.stdin: would become a part"), "\(found)")
    }
}
