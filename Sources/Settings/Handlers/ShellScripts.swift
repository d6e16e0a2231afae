/// What of a command a shell reads as a script: whatever is put in there is run. In doubt a word counts as one.
struct ShellScripts: Equatable {
    /// The places of words that are scripts, or that may be.
    private(set) var words: Set<Int> = []
    /// Whether the standard input is one.
    private(set) var isStandardInput = false

    private static let shells: Set<String> = [
        "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "yash", "rbash", "csh", "tcsh", "fish",
    ]

    /// Programs that run others with their own standard input.
    private static let starters: Set<String> = [
        "busybox", "chroot", "dumb-init", "env", "ionice", "nice", "nohup", "runuser", "setpriv", "setsid", "stdbuf",
        "su", "sudo", "time", "timeout", "tini",
    ]

    /// Finds them.
    init(in command: YAMLNode?) {
        guard case .sequence(let items)? = command?.content else { return }
        let texts = items.map { item in
            if case .scalar(let scalar) = item.content { scalar.text } else { "" }
        }
        // Any word can be run by one before it, as in `env bash` or `timeout 5 sh`.
        let places = texts.indices.filter { Self.shells.contains(Self.name(of: texts[$0])) }
        for place in places {
            let isProgram = place == 0 || Self.starters.contains(Self.name(of: texts[0]))
            look(at: texts, after: place, readsInput: isProgram && place == places[0])
        }
    }

    /// Reads the options of a shell up to the first word that is none.
    private mutating func look(at texts: [String], after shell: Int, readsInput: Bool) {
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
        } else if readsInput, place >= texts.count || texts[(shell + 1)..<place].contains(where: Self.readsInput) {
            isStandardInput = true
        }
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
