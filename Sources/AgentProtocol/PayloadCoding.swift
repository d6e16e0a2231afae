import FoundationEssentials

/// JSON payloads of the control messages.
enum PayloadCoding {
    static func encode(_ value: some Encodable) throws(AgentProtocolError) -> [UInt8] {
        do {
            return [UInt8](try JSONEncoder().encode(value))
        } catch {
            throw AgentProtocolError(.unencodable, "\(type(of: value)) can't be written as JSON")
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from payload: [UInt8]) throws(AgentProtocolError) -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(payload))
        } catch {
            throw AgentProtocolError(.malformedPayload, "the payload is no \(type)")
        }
    }
}
