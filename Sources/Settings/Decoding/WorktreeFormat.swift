import TaskModel

extension ValueFormat where Value == WorktreeSpec {
    /// A worktree: `/a/path` or `{git: {repo, ref, depth}}`.
    static var worktree: ValueFormat {
        let expected = "a directory of this host, or a clone, as in {git: {repo: /srv/repo, ref: main}}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            if case .scalar = node.content {
                return ValueFormat<String>.worktreePath.decode(node, path, &problems).map { WorktreeSpec(path: $0) }
            }
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let directory = reader.optional("path", .worktreePath, problems: &problems)
            let git = reader.optional("git", .gitSource, problems: &problems)
            reader.finish(problems: &problems)
            if reader.has("path") == reader.has("git") {
                let found = reader.has("git") ? "both" : "neither"
                problems.add(at: node.mark, path: path, "expected either path or git, found \(found)")
                return nil
            }
            return directory.map { WorktreeSpec(path: $0) } ?? git.map { WorktreeSpec(git: $0) }
        } encode: { worktree in
            if let path = worktree.path { return .text(path) }
            return .map(worktree.git.map { [("git", ValueFormat<GitSource>.gitSource.encode($0))] } ?? [])
        }
    }
}

extension ValueFormat where Value == GitSource {
    /// What to check out: `{repo, ref, depth}`.
    static var gitSource: ValueFormat {
        let expected = "a repository of this host, as in {repo: /srv/repo, ref: main}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let repo = reader.required("repo", .worktreePath, problems: &problems)
            let ref = reader.optional("ref", .text("a branch, tag or commit", check: GitNames.ref), problems: &problems)
            let depth = reader.optional("depth", .integer(1...1_000_000), problems: &problems)
            reader.finish(problems: &problems)
            return repo.map { GitSource(repo: $0, ref: ref, depth: depth) }
        } encode: { git in
            .map(
                [
                    ("repo", .text(git.repo)), git.ref.map { ("ref", .text($0)) },
                    git.depth.map { ("depth", .plain(String($0))) },
                ].compactMap { $0 })
        }
    }
}

extension ValueFormat where Value == String {
    /// The path of a worktree or a repository.
    fileprivate static var worktreePath: ValueFormat {
        .text("an absolute path of this host") { text in
            if text.contains("://") {
                return ValueMistake(hint: "repositories are read from this host only; clone it and name its path")
            }
            return PathRules.absolute(text) ?? MountRules.fixed.mistake(inSource: text)
        }
    }
}

/// What names in git may look like.
enum GitNames {
    /// A branch, a tag or a commit, by the rules of git-check-ref-format(1); no expression such as `main~3`.
    static func ref(_ text: String) -> ValueMistake? {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && !"~^:?*[\\".unicodeScalars.contains($0)
        }
        let isWhole =
            !text.isEmpty && text.utf8.count <= 200 && !text.hasPrefix("-") && !text.contains("..")
            && !text.contains("@{") && !text.hasSuffix(".lock") && !text.hasSuffix("/")
        return isPlain && isWhole ? nil : ValueMistake(hint: "as in main, v1.2 or a commit's whole hash")
    }
}
