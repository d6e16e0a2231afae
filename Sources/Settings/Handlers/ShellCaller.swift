/// A program that is no shell and hands one a text, or its standard input. In doubt a word counts as a script.
struct ShellCaller {
    /// What was found in the words after the program's name, by their places there.
    struct Found {
        /// Scripts.
        var scripts: Set<Int> = []
        /// Whether the standard input is one.
        var readsInput = false
        /// A word that stands for several, as `env -S` splits it, and what it says.
        var split: (place: Int, text: String)?
    }

    private enum Kind {
        /// `su`, `runuser`: the script of `-c`, else what the user's shell is given.
        case login
        /// `script`: the script of `-c`, else the standard input.
        case recorder
        /// `flock`: the script of a `-c` after the file.
        case lock
        /// `env`: the words of `-S`.
        case environment
    }

    private let kind: Kind

    /// - Parameters:
    ///   - name: the last part of the path.
    ///   - path: as it is written. Programs of other directories may only have the same name.
    ///   - isProgram: whether it is certain that the word is run; of `script` it has to be, which is an everyday word.
    init?(_ name: String, path: String, isProgram: Bool) {
        let directory = path.dropLast(name.count)
        guard directory.isEmpty || directory.hasSuffix("bin/") else { return nil }
        switch name {
        case "su", "runuser": kind = .login
        case "script" where isProgram: kind = .recorder
        case "flock": kind = .lock
        case "env": kind = .environment
        default: return nil
        }
    }

    /// Looks at the words after the program.
    func look(at texts: [String]) -> Found {
        switch kind {
        case .login, .recorder: shell(texts)
        case .lock: lock(texts)
        case .environment: environment(texts)
        }
    }

    /// Options may stand between and after the other words, and after `--` those of the shell itself.
    private func shell(_ texts: [String]) -> Found {
        var found = Found()
        // With `runuser -u`, what follows is a command and no shell is run.
        var isPlain = false
        var others = 0
        var place = 0
        while place < texts.count {
            let text = texts[place]
            place += 1
            if isPlain, text == "--" { break }
            guard text.hasPrefix("-"), text != "-" else {
                others += text == "-" ? 0 : 1
                if isPlain { break }
                continue
            }
            if Self.isScriptOption(text) {
                let isWhole = !(text.hasPrefix("--") && text.contains("="))
                found.scripts.formUnion(isWhole ? [place - 1, place] : [place - 1])
                place += isWhole ? 1 : 0
            } else if Self.takesWord(text, kind) {
                isPlain = isPlain || kind == .login && (text.hasPrefix("-u") || text.hasPrefix("--user"))
                place += text.contains("=") ? 0 : 1
            }
        }
        // `su user file` lets the shell run a file; of `script` it is the one that it writes.
        found.readsInput = found.scripts.isEmpty && !isPlain && (kind == .recorder || others <= 1)
        return found
    }

    /// `flock [options] file -c script`.
    private func lock(_ texts: [String]) -> Found {
        var place = 0
        while place < texts.count, texts[place].hasPrefix("-"), !Self.isScriptOption(texts[place]) {
            place += Self.takesWord(texts[place], kind) && !texts[place].contains("=") ? 2 : 1
        }
        if place < texts.count, !texts[place].hasPrefix("-") { place += 1 }
        guard place < texts.count, Self.isScriptOption(texts[place]) else { return Found() }
        return Found(scripts: [place, place + 1])
    }

    /// `env [-i] [-u NAME] [-C DIRECTORY] [-S words] [NAME=VALUE …] program …`.
    private func environment(_ texts: [String]) -> Found {
        var place = 0
        while place < texts.count, texts[place].hasPrefix("-"), texts[place] != "--" {
            let text = texts[place]
            let value: Substring?
            if text.hasPrefix("--s") {
                value = text.split(separator: "=", maxSplits: 1).dropFirst().first ?? ""
            } else if !text.hasPrefix("--"), let letter = text.firstIndex(of: "S") {
                value = text[letter...].dropFirst()
            } else {
                value = nil
            }
            if let value {
                let words = value.isEmpty ? place + 1 : place
                guard words < texts.count else { break }
                return Found(
                    scripts: [place, words], split: (words, value.isEmpty ? texts[words] : String(value)))
            }
            place += Self.takesWord(text, kind) && !text.contains("=") ? 2 : 1
        }
        return Found()
    }

    /// Long options may be shortened.
    private static func isScriptOption(_ word: String) -> Bool {
        guard word.hasPrefix("-") else { return false }
        if word.contains("{{") { return true }
        guard word.hasPrefix("--") else { return word.contains("c") }
        let name = word.dropFirst(2).prefix { $0 != "=" }
        return !name.isEmpty && ["command", "session-command"].contains { $0.hasPrefix(name) } && name != "s"
    }

    private static func takesWord(_ word: String, _ kind: Kind) -> Bool {
        let (names, letters) =
            switch kind {
            case .login: (["shell", "group", "supp-group", "user", "whitelist-environment"], "sgGuw")
            case .recorder:
                (["log-in", "log-out", "log-io", "log-timing", "logging-format", "output-limit", "echo"], "IOBTmoE")
            case .lock: (["wait", "timeout", "conflict-exit-code"], "wE")
            case .environment: (["unset", "chdir", "argv0"], "uCa")
            }
        if word.hasPrefix("--") { return names.contains(String(word.dropFirst(2).prefix { $0 != "=" })) }
        return letters.contains(word.last ?? "-")
    }
}
