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
            ("make -c a", false), ("sort", false), ("pygmentize -l bash", false), ("bash -e", true), ("sh", true),
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
            "[sh, -c, 'exec \"$@\"', x, bash, -c, \"{{x}}\"]",
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
}
