/// An image's name with an explicit tag or digest. Pure.
///
/// Without a tag Docker would pull every tag of the repository.
package enum ImageReference {
    /// The same reference, with `:latest` when it names neither a tag nor a digest.
    package static func tagged(_ reference: String) -> String {
        if reference.contains("@") || reference.hasPrefix("sha256:") { return reference }
        let name = reference.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return name.contains(":") ? reference : reference + ":latest"
    }
}
