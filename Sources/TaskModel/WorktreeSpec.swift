/// The files a task works on: a directory of the host, or a checkout made for each attempt. Exactly one is set.
package struct WorktreeSpec: Codable, Sendable, Hashable {
    /// An absolute path of a directory of the host, mounted read-write in the place of the working directory.
    package var path: String?
    /// A repository of the host, of which each attempt gets a clone of its own in the working directory.
    package var git: GitSource?

    /// Takes a directory as it is.
    package init(path: String) { self.path = path }

    /// Takes a clone of a repository.
    package init(git: GitSource) { self.git = git }
}

/// What to check out of a repository of the host.
package struct GitSource: Codable, Sendable, Hashable {
    /// The absolute path of a repository, with a working tree or bare.
    package var repo: String
    /// A branch, a tag or a commit; `nil` means what the repository has checked out.
    package var ref: String?
    /// The newest commits that come along; `nil` means all of them.
    package var depth: Int?

    /// Names a repository and what to check out.
    package init(repo: String, ref: String? = nil, depth: Int? = nil) {
        self.repo = repo
        self.ref = ref
        self.depth = depth
    }
}
