internal import ContainerEngine
internal import Foundation

/// What is shown of an image.
struct ImageSummary: Encodable, Equatable {
    /// As it was asked for.
    var reference: String
    /// `sha256:…`; `nil` when the engine does not have it.
    var id: String?
    /// The registry's digest, `sha256:…`; `nil` for an image that never was in one.
    var digest: String?
    /// Bytes.
    var size: Int64?
    /// When it was built.
    var created: Date?
    /// Such as `linux/amd64`.
    var platform: String?

    init(reference: String, _ image: ImageInspection?) {
        self.reference = reference
        id = image?.id
        digest = image.flatMap { Self.digest(in: $0.repoDigests, of: reference) }
        size = image?.size
        created = image?.createdAt
        platform = image?.platform
    }

    /// The digest under the reference's own repository, else the first.
    static func digest(in digests: [String], of reference: String) -> String? {
        let parts = digests.map { $0.split(separator: "@", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
        let own = parts.first { part in
            reference == part[0] || reference.hasPrefix(part[0] + ":") || reference.hasPrefix(part[0] + "@")
        }
        return (own ?? parts.first)?[1]
    }

    enum CodingKeys: CodingKey { case reference, id, digest, size, created, platform }

    /// Every key is always there; what is unknown is null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(reference, forKey: .reference)
        try container.encode(id, forKey: .id)
        try container.encode(digest, forKey: .digest)
        try container.encode(size, forKey: .size)
        try container.encode(created, forKey: .created)
        try container.encode(platform, forKey: .platform)
    }
}

extension Listing where Item == ImageSummary {
    /// Images in a table, as ids or as JSON.
    static func images(_ images: [ImageSummary], now: Date) -> Listing {
        Listing(
            items: images,
            columns: ["reference", "id", "digest"].map { Table.Column(title: $0) }
                + ["size", "created"].map { Table.Column(title: $0, isRight: true) },
            cells: { image in
                func short(_ digest: String?) -> String {
                    String((digest ?? "").split(separator: ":").last?.prefix(12) ?? "")
                }
                return [
                    Table.Cell(image.reference),
                    image.id == nil ? Table.Cell("not here", .attention) : Table.Cell(short(image.id)),
                    Table.Cell(short(image.digest)),
                    Table.Cell(image.size.map { HumanText.bytes(UInt64(max(0, $0))) } ?? ""),
                    Table.Cell(image.created.map { HumanText.age($0, now: now) } ?? ""),
                ]
            },
            id: { $0.id ?? "" }, json: { $0 })
    }
}
