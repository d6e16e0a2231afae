/// Finds words of a command that a shell reads as a script: whatever is put in there is run.
enum ShellScripts {
    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "busybox"]

    /// The places of scripts: each word after `-c`, `-lc` and the like of a shell.
    static func places(in command: YAMLNode?) -> [Int] {
        guard case .sequence(let items)? = command?.content else { return [] }
        let words = items.map { item in
            if case .scalar(let scalar) = item.content { scalar.text } else { "" }
        }
        guard let shell = words.firstIndex(where: { shells.contains(name(of: $0)) }) else { return [] }
        guard let option = words[(shell + 1)...].firstIndex(where: isScriptOption) else { return [] }
        return [option + 1]
    }

    private static func name(of program: String) -> String {
        String(program.split(separator: "/").last ?? "")
    }

    private static func isScriptOption(_ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && word.hasSuffix("c")
    }
}
