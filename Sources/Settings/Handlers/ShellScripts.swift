/// What of a command a shell reads as a script: whatever is put in there is run. In doubt a word counts as one.
///
/// Shells are looked for, and programs that hand a text to one (`ShellCaller`). What other programs run, as `ssh`, `watch` or
/// an interpreter of another language does, is not known here.
struct ShellScripts: Equatable {
    /// The places of words that are scripts, or that may be.
    private(set) var words: Set<Int> = []
    /// Whether the standard input is one, or may be.
    private(set) var isStandardInput = false

    private static let shells: Set<String> = [
        "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "yash", "rbash", "csh", "tcsh", "fish",
    ]

    /// Programs that run another one.
    private static let starters: Set<String> = [
        "busybox", "chroot", "dumb-init", "env", "ionice", "nice", "nohup", "runuser", "setpriv", "setsid", "stdbuf",
        "su", "sudo", "time", "timeout", "tini",
    ]

    /// Finds them.
    init(in command: YAMLNode?) {
        guard case .sequence(let items)? = command?.content else {
            self.init(in: [])
            return
        }
        self.init(
            in: items.map { item in
                if case .scalar(let scalar) = item.content { scalar.text } else { "" }
            })
    }

    private init(in texts: [String]) {
        // Any word can be run by one before it, as in `env bash`, `timeout 5 sh` or `/entrypoint.sh sh`.
        for place in texts.indices {
            let name = Self.name(of: texts[place])
            if Self.shells.contains(name) {
                look(at: texts, after: place)
                continue
            }
            let isProgram = place == 0 || Self.starters.contains(Self.name(of: texts[0]))
            if let caller = ShellCaller(name, path: texts[place], isProgram: isProgram) {
                let found = caller.look(at: Array(texts[(place + 1)...]))
                words.formUnion(found.scripts.map { $0 + place + 1 })
                isStandardInput = isStandardInput || found.readsInput
                if let split = found.split { look(at: texts, splitting: split.place + place + 1, into: split.text) }
            }
        }
    }

    /// Reads the options of a shell up to the first word that is none.
    private mutating func look(at texts: [String], after shell: Int) {
        var place = shell + 1
        // Once there is a script option, the first word that is no option is the script: `-ce script`, `-c -- script`.
        var hasScript = false
        while place < texts.count {
            let text = texts[place]
            let isEnd = text == "-" || text == "--"
            guard text.hasPrefix("-") || text.hasPrefix("+"), text.count > 1 || isEnd else { break }
            hasScript = hasScript || Self.isScriptOption(text)
            if hasScript { words.insert(place) }
            place += 1
            if isEnd { break }
            // `-o` and the like say the next word.
            if Self.takesWord(text), place < texts.count {
                if hasScript { words.insert(place) }
                place += 1
            }
        }
        if hasScript {
            words.insert(place)
        } else if place >= texts.count || texts[(shell + 1)..<place].contains(where: Self.readsInput) {
            isStandardInput = true
        }
    }

    /// Looks once more with the words that one word stands for.
    private mutating func look(at texts: [String], splitting place: Int, into text: String) {
        let quotes: Set<Character> = ["'", "\""]
        let parts = text.split(whereSeparator: \.isWhitespace).map { part in
            String(part.filter { !quotes.contains($0) })
        }
        let found = ShellScripts(in: parts + texts[(place + 1)...])
        words.formUnion(found.words.map { $0 < parts.count ? place : $0 - parts.count + place + 1 })
        isStandardInput = isStandardInput || found.isStandardInput
    }

    private static func name(of program: String) -> String {
        String(program.split(separator: "/").last ?? "")
    }

    /// A parameter in an option could be any letter.
    private static func isScriptOption(_ word: String) -> Bool {
        if word.hasPrefix("+") { return false }
        if word.hasPrefix("--") { return word.contains("command") || word.contains("{{") }
        return word.contains("c") || word.contains("C") || word.contains("{{")
    }

    private static func takesWord(_ word: String) -> Bool {
        word.hasPrefix("--") ? ["--rcfile", "--init-file"].contains(word) : word.contains("o") || word.contains("O")
    }

    private static func readsInput(_ word: String) -> Bool { !word.hasPrefix("--") && word.contains("s") }
}
