/** A ChatGPT conversation with these turns, alternating from the user on. */
export function chatgptConversation(id: string, ...texts: string[]) {
  const mapping: Record<string, unknown> = {
    root: { id: "root", parent: null, children: ["0"], message: null },
  };
  texts.forEach((text, index) => {
    mapping[String(index)] = chatgptNode(
      String(index),
      index === 0 ? "root" : String(index - 1),
      index % 2 === 0 ? "user" : "assistant",
      text,
      1700000000 + index,
    );
  });
  return {
    title: `Title of ${id}`,
    create_time: 1700000000,
    mapping,
    current_node: String(texts.length - 1),
    conversation_id: id,
  };
}

export function chatgptNode(
  id: string,
  parent: string | null,
  role: string,
  text: string,
  time: number | null = null,
) {
  return {
    id,
    parent,
    children: [],
    message: {
      id: `message-${id}`,
      author: { role },
      create_time: time,
      content: { content_type: "text", parts: [text] },
      metadata: role === "assistant" ? { model_slug: "gpt-4o" } : {},
    },
  };
}

/** A Claude.ai conversation with these turns, alternating from the human on. */
export function claudeConversation(id: string, ...texts: string[]) {
  return {
    uuid: id,
    name: `Title of ${id}`,
    account: { uuid: "account" },
    chat_messages: texts.map((text, index) => ({
      uuid: `${id}-${index}`,
      text,
      content: [{ type: "text", text }],
      sender: index % 2 === 0 ? "human" : "assistant",
      created_at: `2024-05-01T10:00:0${index % 10}.123456Z`,
    })),
  };
}

/** OpenAI chat messages with these texts, alternating from the user on. */
export function chatMessages(...texts: string[]) {
  return texts.map((content, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content,
  }));
}
