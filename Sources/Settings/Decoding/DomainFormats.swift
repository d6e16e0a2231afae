extension ValueFormat where Value == String {
    /// An absolute path of this host or of a container.
    package static var path: ValueFormat { .text("an absolute path", check: PathRules.absolute) }

    /// An image reference.
    package static var image: ValueFormat { .text("an image reference", check: ImageReference.mistake) }

    /// The name of a queue or a secret.
    package static func name(_ what: String) -> ValueFormat { .text(what, check: NameRules.name) }
}

extension ValueFormat where Value == String? {
    /// The path of an engine's socket, also as `unix://path`; `auto` means the usual places.
    package static var engineSocket: ValueFormat {
        ScalarFormat<String>(expected: "the path of a socket, also as unix:///path") {
            scalar throws(ValueMistake) in
            var path = scalar.text
            if path.hasPrefix("unix://") { path.removeFirst("unix://".count) }
            if path.contains("://") {
                throw ValueMistake("only sockets of this host are supported", hint: "as in unix:///run/docker.sock")
            }
            if let mistake = PathRules.absolute(path) { throw mistake }
            // The address of a Unix socket holds 108 bytes with the NUL at its end.
            guard path.utf8.count <= 107 else { throw ValueMistake("is too long for a socket: at most 107 bytes") }
            return path
        } encode: {
            .text($0)
        }.orNone("auto")
    }
}

extension ValueFormat where Value == ContainerUser {
    /// `uid:gid` or `uid`, which is its own group then.
    package static var user: ValueFormat {
        .scalar(expected: "a user and a group as numbers, uid:gid") { scalar throws(ValueMistake) in
            let parts = scalar.text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard 1...2 ~= parts.count, let uid = parts[0], let gid = parts.last ?? nil, uid != .max, gid != .max else {
                let isName = scalar.text.contains { $0.isLetter }
                throw ValueMistake(hint: isName ? "names differ between images; write numbers, as in 1000:1000" : nil)
            }
            return ContainerUser(uid: uid, gid: gid)
        } encode: {
            .text($0.description)
        }
    }
}

extension ValueFormat where Value == ListenAddress? {
    /// `host:port`; empty means no listener.
    package static var listenAddress: ValueFormat {
        ScalarFormat<ListenAddress>(expected: "an address as host:port") { scalar throws(ValueMistake) in
            guard let colon = scalar.text.lastIndex(of: ":"),
                let port = UInt16(scalar.text[scalar.text.index(after: colon)...])
            else {
                let isPort = UInt16(scalar.text) != nil
                throw ValueMistake(hint: isPort ? "write 127.0.0.1:\(scalar.text)" : "as in 127.0.0.1:8080")
            }
            var host = scalar.text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
            } else if host.contains(":") {
                throw ValueMistake(hint: "write an IPv6 address in brackets, as in [::1]:8080")
            }
            guard !host.isEmpty else { throw ValueMistake(hint: "for all addresses write 0.0.0.0:\(port)") }
            guard host.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "/" }) else { throw ValueMistake() }
            return ListenAddress(host: String(host), port: Int(port))
        } encode: {
            .text($0.description)
        }.orNone("")
    }
}

extension ValueFormat where Value == Int? {
    /// A number of workers, or `auto`.
    package static var spares: ValueFormat {
        let range = 0...64
        return .scalar(expected: "a whole number from 0 to 64, or auto") { scalar throws(ValueMistake) in
            if scalar.text == "auto" { return nil }
            guard scalar.isPlain, let value = Int(scalar.text), range.contains(value) else { throw ValueMistake() }
            return value
        } encode: {
            .plain($0.map(String.init) ?? "auto")
        }
    }
}

extension ValueFormat where Value == RecyclePolicy {
    /// `never`, `onFailure`, `always`, or `afterTasks: N`, also as one text.
    package static var recycle: ValueFormat {
        let expected = "one of never, onFailure, always, or afterTasks: N"
        let words: [String: RecyclePolicy] = ["never": .never, "onFailure": .onFailure, "always": .always]
        let tasks = ValueFormat<Int>.integer(1...1_000_000)
        return ValueFormat(expected: expected, shape: .scalar) { node, path, problems in
            if case .mapping = node.content {
                guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                    return nil
                }
                let count = reader.required("afterTasks", tasks, problems: &problems)
                reader.finish(problems: &problems)
                return count.map { .afterTasks($0) }
            }
            guard case .scalar(let scalar) = node.content else {
                problems.add(at: node.mark, path: path, "expected \(expected), found \(node.summary)")
                return nil
            }
            if let word = words[scalar.text] { return word }
            // Variables and flags can only give a text.
            if scalar.text.hasPrefix("afterTasks:") {
                let number = scalar.text.dropFirst("afterTasks:".count).drop { $0 == " " }
                return tasks.decode(.plain(String(number)), path, &problems).map { .afterTasks($0) }
            }
            problems.add(
                at: node.mark, path: path, "expected \(expected), found \(node.summary)",
                hint: NearestName.hint(for: scalar.text, among: words.keys.sorted() + ["afterTasks"]))
            return nil
        } encode: { policy in
            switch policy {
            case .never: .plain("never")
            case .onFailure: .plain("onFailure")
            case .always: .plain("always")
            case .afterTasks(let count): .map([("afterTasks", .plain(String(count)))])
            }
        }
    }
}

extension ValueFormat where Value == [String: String] {
    /// Variables of an environment and their values.
    package static var variables: ValueFormat {
        .map(of: .text(), expected: "variables and their values, as in LANG: C.UTF-8", key: NameRules.variable)
    }
}
