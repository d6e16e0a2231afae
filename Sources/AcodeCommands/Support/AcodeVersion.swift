/// The version of this program, in `--version`, on labels and in reports.
package enum AcodeVersion {
    /// By the rules of semantic versioning.
    package static let current = "0.1.0"
}
