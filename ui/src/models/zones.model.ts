// Time zones by the names that people look for.

// Browsers call some places as they were called when the list of zones was made.
const NEWER: Record<string, string> = {
  Asmera: "Asmara",
  Calcutta: "Kolkata",
  Dacca: "Dhaka",
  Faeroe: "Faroe",
  Godthab: "Nuuk",
  Katmandu: "Kathmandu",
  Kiev: "Kyiv",
  Rangoon: "Yangon",
  Saigon: "Ho Chi Minh City",
  Thimbu: "Thimphu",
};

/** `Buenos Aires, America`: the city first, as one looks for it. */
export function zoneName(zone: string): string {
  const parts = zone.split("/").map((one) => NEWER[one] ?? one.replaceAll("_", " "));
  return parts.reverse().join(", ");
}
