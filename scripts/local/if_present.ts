/** What a look at a file gives, or undefined when there is no such file. */
export async function ifPresent<Found>(
  look: Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
